import { fork } from "node:child_process";
import { once } from "node:events";
import { startSouk } from "../../test/support/souk.ts";
import { BenchClient } from "../support/client.ts";
import type { Figure } from "../support/figure.ts";
import { type Load, load } from "../support/http-load.ts";
import { openShop, placeOrder, untilPaid } from "../support/shop.ts";
import { median, round } from "../support/stats.ts";

const rounds = 5;
/** More orders than the process may keep, in turn: each is gone from the cache when it is asked for again. */
const uncachedOrders = 40;

interface Server {
	pid: number;
	urls: string[];
	headers: Record<string, string>;
	stop(): Promise<void>;
}

/** The bare peer: moleculer-web in front of an action that returns a constant, in a process of its own. */
const startBare = async (): Promise<Server> => {
	const child = fork(new URL("../support/bare-gateway.ts", import.meta.url));
	const [message] = (await once(child, "message")) as [{ port: number }];
	return {
		pid: child.pid ?? 0,
		urls: [`http://127.0.0.1:${message.port}/constant`],
		headers: {},
		stop: async () => {
			const gone = once(child, "exit");
			child.kill("SIGTERM");
			await gone;
		},
	};
};

const startOurs = async (orders: number, env: Record<string, string>): Promise<Server> => {
	const souk = await startSouk({ env: { RATE_LIMIT_API: "off", RATE_LIMIT_LOGIN: "off", LOG_LEVEL: "warn", ...env } });
	const client = new BenchClient(souk.url);
	const shop = await openShop(client);
	const urls: string[] = [];
	while (urls.length < orders) {
		const { id } = await placeOrder(client, shop);
		await untilPaid(client, shop, id, 20);
		urls.push(`${souk.url}/v1/orders/${id}`);
	}
	client.close();
	return { pid: souk.pid, urls, headers: { authorization: `Bearer ${shop.token}` }, stop: async () => void (await souk.stop()) };
};

const compare = async (name: string, least: number, ours: Server, bare: Server): Promise<Figure> => {
	await load(ours);
	await load(bare);
	const turns: { ours: Load; bare: Load }[] = [];
	for (let turn = 0; turn < rounds; turn++) turns.push({ ours: await load(ours), bare: await load(bare) });
	const of = (pick: (turn: { ours: Load; bare: Load }) => number): number => median(turns.map(pick));
	const rate = round(
		of((turn) => turn.ours.perSecond),
		0,
	);
	const cpu = `CPU a request ${round(
		of((turn) => turn.ours.cpuMicros),
		0,
	)} µs against ${round(
		of((turn) => turn.bare.cpuMicros),
		0,
	)} µs`;
	return {
		name,
		value: round(of((turn) => turn.ours.perSecond / turn.bare.perSecond)),
		unit: "×",
		bound: { least },
		note: `median of ${rounds} turns, 32 connections; ${rate} requests/s; ${cpu}`,
	};
};

/** GET of an order, authorisation included, against a bare moleculer-web action; in turns, so that both meet the same machine. */
export const getOrder = async (): Promise<Figure[]> => {
	const bare = await startBare();
	const cached = await startOurs(1, {});
	const uncached = await startOurs(uncachedOrders, { ORDER_CACHE_ENTRIES: "1" });
	try {
		return [
			await compare("GET order, from the store ÷ bare moleculer-web", 0.4, uncached, bare),
			await compare("GET order, cached ÷ bare moleculer-web", 0.5, cached, bare),
		];
	} finally {
		await Promise.all([bare.stop(), cached.stop(), uncached.stop()]);
	}
};
