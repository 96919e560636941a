import assert from "node:assert/strict";
import { setTimeout as delay } from "node:timers/promises";
import { seeded } from "../support/random.ts";
import { type Souk, startSouk } from "../support/souk.ts";
import { until } from "../support/until.ts";
import { openStockMarket, type StockMarket, soon } from "./stock-load.ts";

const seed = Number(process.env.SOUK_TEST_SEED ?? 20_260);
const initial = 120;
/** A machine that is slow to start must not be kept from ever getting on. */
const mostKills = 6;

describe(`Stock, in one process that is killed while it is bought and given back (seed ${seed})`, function () {
	this.timeout(90_000);
	const random = seeded(seed);
	let souk: Souk;
	let trade: StockMarket;

	before(async () => {
		souk = await startSouk({ env: soon });
		trade = await openStockMarket(() => souk.api, initial);
	});
	after(() => souk?.stop());

	it("adds up: what was there is in stock or in an order", async () => {
		let over = false;
		const trading = trade.trade(150, 8).finally(() => {
			over = true;
		});
		let kills = 0;
		while ((!over && kills < mostKills) || kills === 0) {
			await Promise.race([delay(100 + random() * 500), trading]);
			if (over && kills > 0) break;
			await souk.kill("SIGKILL");
			kills++;
			await souk.restart();
		}
		const { placed, refused } = await trading;
		assert.equal(placed + refused, 150);
		await until(
			`stock and orders to add up to ${initial} after ${kills} kills`,
			async () => ({ stock: await trade.stock(), sold: await trade.sold() }),
			({ stock, sold }) => stock + sold === initial,
		);
	});
});
