import type { IntakeDocument } from "../../contracts/intake.ts";
import { seeded } from "../../test/support/random.ts";
import { type Fault, faults, spoil } from "./faults.ts";

// Order documents out of nothing but a seed: the same seed makes the same documents, so a run can be had again.

export interface Produced {
	text: string;
	/** Its order_uid, as it stands in the text. */
	id: string;
	/** What was made wrong on purpose; null for a good one. */
	fault: Fault | null;
}

const letters = "abcdefghijklmnopqrstuvwxyz0123456789";
const places = [
	["Kuala Lumpur", "Wilayah Persekutuan"],
	["George Town", "Pulau Pinang"],
	["Kota Kinabalu", "Sabah"],
	["Johor Bahru", "Johor"],
	["Kuching", "Sarawak"],
] as const;
const people = ["Bella Tan", "Amir Hassan", "Mei Ling", "Siti Aminah", "Raj Kumar", "Zoë Müller", "José Nuñez"] as const;
const goods = [
	["Batik shirt", "Terengganu Weavers"],
	["Rattan chair", "Kampung"],
	["Pewter mug", "Royal"],
	["Songket scarf", "Pak Mat"],
	["Kopi O, 500 g", "Old Town"],
] as const;
const carriers = ["meest", "pos", "ninja", "jnt"] as const;
const currencies = ["MYR", "USD", "EUR", "SGD", "JPY"] as const;
const locales = ["en", "ms", "zh", "ta"] as const;
const year2025 = 1_735_689_600;

class Dice {
	readonly #next: () => number;

	constructor(seed: number) {
		this.#next = seeded(seed);
	}

	upTo(count: number): number {
		return Math.floor(this.#next() * count);
	}

	oneOf<T>(values: readonly T[]): T {
		return values[this.upTo(values.length)] as T; // none of the lists is empty
	}

	text(length: number): string {
		return Array.from({ length }, () => letters[this.upTo(letters.length)]).join("");
	}
}

const item = (dice: Dice, track_number: string): IntakeDocument["items"][number] & Record<string, unknown> => {
	const [name, brand] = dice.oneOf(goods);
	const price = 100 + dice.upTo(20_000);
	const sale = dice.upTo(60);
	const total_price = Math.round((price * (100 - sale)) / 100);
	const numbers = { chrt_id: 1 + dice.upTo(9_999_999), nm_id: 1 + dice.upTo(9_999_999) };
	return { ...numbers, track_number, price, rid: dice.text(21), name, sale, size: "0", total_price, brand, status: 202 };
};

const delivery = (dice: Dice): IntakeDocument["delivery"] => {
	const [city, region] = dice.oneOf(places);
	return {
		name: dice.oneOf(people),
		phone: `+60${100_000_000 + dice.upTo(899_999_999)}`,
		zip: String(10_000 + dice.upTo(89_999)),
		city,
		address: `Jalan ${1 + dice.upTo(99)}/${1 + dice.upTo(9)}`,
		region,
		email: `${dice.text(8)}@example.com`,
	};
};

export type Draft = IntakeDocument & Record<string, unknown>;

const draft = (dice: Dice): Draft => {
	const order_uid = dice.text(20);
	const track_number = `SK${dice.text(12).toUpperCase()}`;
	const items = Array.from({ length: 1 + dice.upTo(4) }, () => item(dice, track_number));
	const goods_total = items.reduce((sum, { total_price }) => sum + total_price, 0);
	const delivery_cost = dice.upTo(2_000);
	const at = year2025 + dice.upTo(31_000_000);
	return {
		order_uid,
		track_number,
		entry: "SOUK",
		delivery: delivery(dice),
		payment: {
			transaction: order_uid,
			request_id: "",
			currency: dice.oneOf(currencies),
			provider: "soukpay",
			amount: goods_total + delivery_cost,
			payment_dt: at,
			bank: dice.oneOf(["alpha", "maybank", "cimb"]),
			delivery_cost,
			goods_total,
			custom_fee: 0,
		} as IntakeDocument["payment"],
		items,
		locale: dice.oneOf(locales),
		internal_signature: "",
		customer_id: dice.text(10),
		delivery_service: dice.oneOf(carriers),
		shardkey: String(dice.upTo(10)),
		sm_id: dice.upTo(1_000),
		date_created: new Date(at * 1000).toISOString(),
		oof_shard: String(1 + dice.upTo(3)),
	};
};

/** Which of so many are spoilt, and how: exactly that share, spread by the seed, each way in turn. */
const spoilt = (count: number, share: number, seed: number): Map<number, Fault> => {
	const dice = new Dice(seed);
	const places = Array.from({ length: count }, (_, index) => index);
	const chosen = Array.from({ length: Math.round(count * share) }, () => {
		const at = dice.upTo(places.length);
		const last = places.pop() as number; // as many are taken as there are, at most
		if (at === places.length) return last;
		const taken = places[at] as number;
		places[at] = last;
		return taken;
	});
	return new Map(chosen.map((index, turn) => [index, faults[turn % faults.length] as Fault]));
};

export function* documents(options: { count: number; invalid: number; seed: number }): Generator<Produced> {
	const { count, invalid, seed } = options;
	const wrong = spoilt(count, invalid, seed);
	for (let index = 0; index < count; index++) {
		// Of the index alone, so that a longer run begins as a shorter one of the same seed.
		const document = draft(new Dice(seed * 1_000_003 + index));
		const fault = wrong.get(index) ?? null;
		const made = fault ? spoil(document, fault) : document;
		yield { text: JSON.stringify(made), id: made.order_uid, fault };
	}
}
