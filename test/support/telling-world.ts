import { freePort } from "./free-port.ts";
import type { HttpClient } from "./http.ts";
import { startCluster, startSouk } from "./souk.ts";
import { testClock } from "./test-clock.ts";
import { until } from "./until.ts";

/** Where people are told what happens, in a time that can be moved forward. */
export interface TellingWorld {
	readonly api: HttpClient;
	/** URLs that take sockets; the first and the last lead to different processes where there are several. */
	readonly doors: readonly string[];
	/** Epoch ms, as it sees it. */
	now(): number;
	advance(ms: number): Promise<void>;
	/** All that has happened by now was told. */
	settled(): Promise<void>;
	stop(): Promise<void>;
}

interface Consumer {
	group: string;
	lag: number;
	inFlight: number;
}

const groups = new Set(["notification", "notification_chat"]);

/** Resolves when both groups are done with what was published, as /health says. */
export const allTold = async (api: HttpClient): Promise<void> => {
	const waiting = async (): Promise<Consumer[]> => {
		const { body } = await api.get("/health");
		const ours = (body.consumers as Consumer[]).filter(({ group }) => groups.has(group));
		if (ours.length === 0) return [{ group: "none", lag: 1, inFlight: 0 }];
		return ours.filter(({ lag, inFlight }) => lag + inFlight > 0);
	};
	await until("all to be told", waiting, ({ length }) => length === 0);
};

/** Tokens outlive the jumps. */
const settings = { ACCESS_TOKEN_TTL: "7d", LOG_LEVEL: "warn" } as const;

export const embeddedTelling = async (): Promise<TellingWorld> => {
	const clock = await testClock();
	const souk = await startSouk({ env: { ...settings, ...clock.env } });
	return {
		api: souk.api,
		doors: [souk.url],
		now: () => clock.now,
		advance: (ms) => clock.advance(ms),
		settled: () => allTold(souk.api),
		async stop() {
			await souk.stop();
			await clock.remove();
		},
	};
};

/** Conversations and inboxes on two nodes, behind a gateway on a third. `needsOwn(this, "nats", "mongod", "redis")` comes before. */
export const clusterTelling = async (): Promise<TellingWorld> => {
	const clock = await testClock();
	const ports = [await freePort(), await freePort()];
	const cluster = await startCluster({
		env: { ...settings, ...clock.env },
		nodes: [
			{ services: ["gateway", "auth", "orders", "payment"] },
			...ports.map((port) => ({ services: ["chat", "notification"], env: { SOCKET_PORT: String(port) } })),
		],
	});
	return {
		api: cluster.api,
		doors: [cluster.url, ...ports.map((port) => `http://127.0.0.1:${port}`)],
		now: () => clock.now,
		advance: (ms) => clock.advance(ms),
		settled: () => allTold(cluster.api),
		async stop() {
			await cluster.stop();
			await clock.remove();
		},
	};
};
