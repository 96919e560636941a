import { fork } from "node:child_process";
import { once } from "node:events";
import autocannon from "autocannon";
import { startSouk } from "../../test/support/souk.ts";
import { BenchClient } from "../support/client.ts";
import type { Figure } from "../support/figure.ts";
import { openShop, placeOrder, untilPaid } from "../support/shop.ts";
import { median, round } from "../support/stats.ts";

const seconds = 4;
const rounds = 5;

const requestsPerSecond = async (url: string, headers: Record<string, string> = {}): Promise<number> => {
	const result = await autocannon({ url, headers, connections: 32, duration: seconds });
	if (result.non2xx > 0 || result.errors > 0) throw new Error(`${url}: ${result.non2xx} refused, ${result.errors} errors`);
	return result.requests.total / result.duration;
};

/** The bare peer: moleculer-web in front of an action that returns a constant, in a process of its own. */
const startBare = async (): Promise<{ url: string; stop(): Promise<void> }> => {
	const child = fork(new URL("../support/bare-gateway.ts", import.meta.url));
	const [message] = (await once(child, "message")) as [{ port: number }];
	return {
		url: `http://127.0.0.1:${message.port}/constant`,
		stop: async () => {
			const gone = once(child, "exit");
			child.kill("SIGTERM");
			await gone;
		},
	};
};

/** GET of an order, authorisation included, against a bare moleculer-web action; in turns, so that both meet the same machine. */
export const getOrder = async (): Promise<Figure[]> => {
	const souk = await startSouk({ env: { RATE_LIMIT_API: "off", RATE_LIMIT_LOGIN: "off", LOG_LEVEL: "warn" } });
	const bare = await startBare();
	const client = new BenchClient(souk.url);
	try {
		const shop = await openShop(client);
		const { id } = await placeOrder(client, shop);
		await untilPaid(client, shop, id, 20);
		const ours = `${souk.url}/v1/orders/${id}`;
		const headers = { authorization: `Bearer ${shop.token}` };
		await requestsPerSecond(ours, headers);
		await requestsPerSecond(bare.url);
		const ratios: number[] = [];
		const rates: number[] = [];
		for (let turn = 0; turn < rounds; turn++) {
			const rate = await requestsPerSecond(ours, headers);
			rates.push(rate);
			ratios.push(rate / (await requestsPerSecond(bare.url)));
		}
		const note = `median of ${rounds} turns of ${seconds} s, 32 connections; ${round(median(rates), 0)} requests/s`;
		return [{ name: "GET order ÷ bare moleculer-web", value: round(median(ratios)), unit: "×", bound: { least: 0.4 }, note }];
	} finally {
		client.close();
		await bare.stop();
		await souk.stop();
	}
};
