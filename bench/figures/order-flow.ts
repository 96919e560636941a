import { startSouk } from "../../test/support/souk.ts";
import { BenchClient } from "../support/client.ts";
import type { Figure } from "../support/figure.ts";
import { inParallel, openShop, paidAfterMs, placeOrder, untilPaid } from "../support/shop.ts";
import { percentile, round } from "../support/stats.ts";

const width = 32;
const count = 6000;

/** Orders from POST to paid against the embedded profile, SQLite with synchronous FULL, 32 at a time. */
export const orderFlow = async (): Promise<Figure[]> => {
	const souk = await startSouk({ env: { RATE_LIMIT_API: "off", RATE_LIMIT_LOGIN: "off", LOG_LEVEL: "warn" } });
	const client = new BenchClient(souk.url);
	try {
		const shop = await openShop(client);
		const run = async (orders: number): Promise<{ ids: string[]; answers: number[]; seconds: number }> => {
			const ids: string[] = [];
			const answers: number[] = [];
			const begin = performance.now();
			await inParallel(orders, width, async () => {
				const placed = await placeOrder(client, shop);
				ids.push(placed.id);
				answers.push(placed.answerMs);
				await untilPaid(client, shop, placed.id, 12);
			});
			return { ids, answers, seconds: (performance.now() - begin) / 1000 };
		};
		await run(1000);
		const { ids, answers, seconds } = await run(count);
		const paid: number[] = [];
		await inParallel(ids.length, 16, async (index) => {
			paid.push(await paidAfterMs(client, shop, ids[index] ?? ""));
		});
		const note = `embedded, ${width} at a time, ${count} orders, each asked for until it is paid`;
		return [
			{ name: "placed → paid", value: round(count / seconds, 0), unit: "orders/s", bound: { least: 500 }, note },
			{ name: "placed → paid p99", value: percentile(paid, 0.99), unit: "ms", bound: { most: 150 }, note },
			{ name: "placed answer p99", value: round(percentile(answers, 0.99), 1), unit: "ms", bound: { most: 60 }, note },
		];
	} finally {
		client.close();
		await souk.stop();
	}
};
