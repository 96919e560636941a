import { type Provider, ProviderUnknown } from "../../services/payment/provider.ts";

/** What becomes of a call: it arrives; it never arrives; it arrives and its answer is lost; the connection breaks in an odd way. */
export type Fate = "ok" | "request_lost" | "answer_lost" | "broken";

const moneyCalls = ["charge", "lookup", "confirm", "capture", "void", "refund"] as const;
type MoneyCall = (typeof moneyCalls)[number];

export interface FlakyProvider extends Provider {
	/** Asked before each call. */
	fate(call: MoneyCall): Fate;
	/** Every call that was tried, in order. */
	calls: MoneyCall[];
}

const lost = (what: string): ProviderUnknown => new ProviderUnknown(`${what} was lost`);

/** A provider over a line that loses things. Everything that arrives is done by `inner`. */
export const flaky = (inner: Provider): FlakyProvider => {
	const calls: MoneyCall[] = [];
	const through = (name: MoneyCall) => {
		const call = inner[name].bind(inner) as (...args: unknown[]) => Promise<unknown>;
		return async (...args: unknown[]): Promise<unknown> => {
			calls.push(name);
			const fate = provider.fate(name);
			if (fate === "request_lost") throw lost("the request");
			if (fate === "broken") throw new TypeError("socket hang up");
			const answer = await call(...args);
			if (fate === "answer_lost") throw lost("the answer");
			return answer;
		};
	};
	const provider = {
		...Object.fromEntries(moneyCalls.map((name) => [name, through(name)])),
		name: inner.name,
		keyLife: inner.keyLife,
		readWebhook: inner.readWebhook.bind(inner),
		enterWebhook: inner.enterWebhook?.bind(inner),
		tick: inner.tick?.bind(inner),
		fate: () => "ok",
		calls,
	} as unknown as FlakyProvider; // put together by name
	return provider;
};
