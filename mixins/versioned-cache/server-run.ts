import { AWAY, type VolatileRedis } from "../redis/volatile-redis.ts";

export interface ServerRun {
	/** Which run of which server the client is connected to; undefined while that is not known. */
	id(): string | undefined;
	/** Resolves when it is known for the first time, or was closed. */
	known(): Promise<void>;
	close(): void;
}

const again = 250;

/** Asks a Redis, each time that it was connected to, for the id that it has from its start to its end. */
export const serverRun = (redis: VolatileRedis): ServerRun => {
	const { client } = redis;
	const first = Promise.withResolvers<void>();
	let current: string | undefined;
	let connection = 0;
	let retry: NodeJS.Timeout | undefined;

	const learn = async (mine: number): Promise<void> => {
		const info = await redis.ask((asked) => asked.info("server"));
		if (mine !== connection) return; // of a connection that is gone
		if (info === AWAY) {
			retry = setTimeout(() => void learn(mine), again).unref();
			return;
		}
		// A server that does not tell is one whose restarts nobody can tell either.
		current = /^run_id:(\w+)/m.exec(info)?.[1] ?? "-";
		first.resolve();
	};
	const onReady = (): void => {
		connection += 1;
		void learn(connection);
	};
	const onClose = (): void => {
		connection += 1;
		current = undefined;
	};
	client.on("ready", onReady);
	client.on("close", onClose);
	if (client.status === "ready") onReady();

	return {
		id: () => current,
		known: () => first.promise,
		close() {
			clearTimeout(retry);
			client.off("ready", onReady);
			client.off("close", onClose);
			onClose();
			first.resolve();
		},
	};
};
