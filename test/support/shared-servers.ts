import type { RunningServer } from "./servers.ts";

// What stands for the whole run: suites that neither kill their server nor count what it does share one, each with a database, streams and
// keys of its own, as with a server that is given by URL. A server of its own cost a suite its start, and the first thousand commands of one that has
// yet to warm up several times as much CPU as later ones.

const shared = new Map<string, Promise<RunningServer>>();

/** Starts it at the first call; what is answered cannot be killed, and its `stop` leaves it to the others. */
export const shareServer = async (name: string, start: () => Promise<RunningServer>): Promise<RunningServer> => {
	let starting = shared.get(name);
	if (!starting) {
		starting = start();
		shared.set(name, starting);
		starting.catch(() => shared.delete(name)); // the next suite tries again
	}
	const { url, port } = await starting;
	return sharedHandle(url, port);
};

/** A server that this suite may use but not end. */
export const sharedHandle = (url: string, port: number): RunningServer => {
	const refuse = (): Promise<void> => Promise.reject(new Error(`${url} is not this suite's own: it cannot be killed`));
	return {
		url,
		port,
		get pid(): number {
			throw new Error(`${url} is not this suite's own: its pid is nobody's business`);
		},
		dir: "",
		kill: refuse,
		restart: refuse,
		stop: () => Promise.resolve(),
	};
};

/** After the last test. */
export const stopSharedServers = async (): Promise<void> => {
	const all = [...shared.values()];
	shared.clear();
	await Promise.all(all.map(async (server) => (await server.catch(() => null))?.stop()));
};
