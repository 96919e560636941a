import type { OrderStatus, OrderView } from "../../contracts/http/orders.ts";
import type { Order } from "./order.ts";
import type { Party } from "./order-states.ts";
import { historyView, orderView, statusView } from "./order-view.ts";

/** Members of an order that no view shows. They may change without its version, and must not be in what is cached by version. */
const kept = [
	"outbox",
	"outboxAt",
	"changes",
	"request",
	"answerDue",
	"reservation",
	"stockDue",
	"overAt",
	"requestsAt",
] as const;

/** One version of an order, as its readers need it: each of them gets the same text, made when the first one asks. */
export class ReadableOrder {
	readonly order: Order;
	readonly #texts = new Map<string, string>();

	constructor(order: Order) {
		const shown: Order = { ...order, requests: [], answerTries: 0 };
		for (const member of kept) delete shown[member];
		this.order = shown;
	}

	get version(): number {
		return this.order.version;
	}

	view(parties: readonly Party[]): OrderView {
		return orderView(this.order, parties);
	}

	/** As JSON. There are as many of them as sets of parties, at most seven. */
	viewText(parties: readonly Party[]): string {
		const key = parties.join();
		const known = this.#texts.get(key);
		if (known !== undefined) return known;
		const text = JSON.stringify(this.view(parties));
		this.#texts.set(key, text);
		return text;
	}

	status(): { status: OrderStatus } {
		return statusView(this.order);
	}

	history(): { items: Order["history"] } {
		return historyView(this.order);
	}
}

export const orderCodec = {
	toText: ({ order }: ReadableOrder): string => JSON.stringify(order),
	fromText: (text: string): ReadableOrder => new ReadableOrder(JSON.parse(text) as Order),
};
