import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { type Params, StripeBooks, StripeRefused } from "./stripe-books.ts";

// A server that speaks the part of Stripe's API that Souk uses: form-encoded bodies, bearer keys, versions, idempotency keys as
// https://docs.stripe.com/api/idempotent_requests has them, and failures when a test asks for them.

export const stripeKey = "sk_test_51SoukSuiteKeyThatNobodyMaySee";

export interface Fault {
	/** `POST /v1/payment_intents`, or its beginning. */
	on: string;
	/** Whether the work is done before the answer goes wrong; with 401 and 429 it never is. */
	done: boolean;
	/** No answer; a closed connection; held back until `release()`; or this status (5xx are what the key repeats from then on). */
	answer: "hang" | "drop" | "hold" | 401 | 429 | 500;
	/** Default 1. The package repeats a request whose connection was closed once by itself. */
	times?: number;
}

export interface SeenRequest {
	/** `POST /v1/payment_intents` */
	what: string;
	key: string | undefined;
	params: Params;
	headers: IncomingMessage["headers"];
	replayed: boolean;
}

export interface StripeServer {
	url: string;
	books: StripeBooks;
	requests: SeenRequest[];
	fault(fault: Fault): void;
	/** Those that were held back go on. */
	release(): void;
	/** What Stripe does with keys after a day. */
	forgetKeys(): void;
	/** No faults, nothing held, no requests seen. */
	calm(): void;
	stop(): Promise<void>;
}

interface Answer {
	status: number;
	body: unknown;
}

/** `metadata[orderId]=7` → `{metadata: {orderId: "7"}}` */
export const decodeForm = (form: string): Params => {
	const root: Record<string, unknown> = {};
	for (const [name, value] of new URLSearchParams(form)) {
		const path = name.split(/[[\]]+/).filter((part) => part !== "");
		const last = path.pop() ?? "";
		let at = root;
		for (const part of path) {
			at[part] ??= {};
			at = at[part] as Record<string, unknown>; // forms that name a value and a group alike are not sent
		}
		at[last] = value;
	}
	return root as Params;
};

const errorOf = (status: number, type: string, message: string, more: object = {}): Answer => ({
	status,
	body: { error: { type, message, ...more } },
});

const list = (url: string, data: readonly object[]): object => ({ object: "list", url, has_more: false, data });

const answered = (work: () => object): Answer & { saved: boolean } => {
	try {
		// As it stands now: what is saved must not change with the books.
		return { status: 200, body: structuredClone(work()), saved: true };
	} catch (error) {
		if (!(error instanceof StripeRefused)) throw error;
		return { status: error.status, body: { error: error.error }, saved: error.saved };
	}
};

interface Call {
	what: string;
	path: string;
	params: Params;
}

const work = (books: StripeBooks, { what, path, params }: Call): object => {
	const [, , collection, id = "", move] = path.split("/");
	if (what === "GET /v1/payment_intents/search") return list(path, books.search(String(params.query)));
	if (what === "POST /v1/payment_intents") return books.create(params);
	if (what === "POST /v1/refunds") return books.refund(params);
	if (what === "GET /v1/refunds") return list(path, books.refundsOf(String(params.payment_intent)));
	if (what === `GET /v1/refunds/${id}`) return books.refundOf(id);
	if (what === `GET /v1/payment_intents/${id}`) return books.intent(id);
	if (collection === "payment_intents" && what.startsWith("POST ")) {
		if (move === "confirm") return books.confirm(id);
		if (move === "capture") return books.capture(id);
		if (move === "cancel") return books.cancel(id);
	}
	throw new StripeRefused(404, { type: "invalid_request_error", message: `Unrecognized request URL (${what}).` });
};

interface Kept {
	what: string;
	form: string;
	/** Absent while the request is on its way. */
	answer?: Answer;
}

export const startStripe = async (apiVersion: string): Promise<StripeServer> => {
	const books = new StripeBooks();
	const keys = new Map<string, Kept>();
	const requests: SeenRequest[] = [];
	let faults: (Fault & { times: number })[] = [];
	let held: (() => void)[] = [];

	const takeFault = (what: string): Fault | undefined => {
		const fault = faults.find(({ on, times }) => times > 0 && what.startsWith(on));
		if (fault) fault.times -= 1;
		return fault;
	};

	const send = (res: ServerResponse, { status, body }: Answer, replayed: boolean): void => {
		const headers = {
			"content-type": "application/json",
			"request-id": "req_suite",
			...(replayed && { "idempotent-replayed": "true" }),
		};
		res.writeHead(status, headers).end(JSON.stringify(body));
	};

	const fail = async (res: ServerResponse, { answer }: Fault, result: Answer | undefined): Promise<Answer | null> => {
		if (answer === "hang") return null;
		if (answer === "hold") {
			await new Promise<void>((resolve) => held.push(resolve));
			return result ?? null;
		}
		if (answer === "drop") {
			res.socket?.destroy();
			return null;
		}
		if (answer === 401) return errorOf(401, "invalid_request_error", "Invalid API Key provided");
		return answer === 429
			? errorOf(429, "invalid_request_error", "Too many requests", { code: "rate_limit" })
			: errorOf(500, "api_error", "Something went wrong on Stripe's end");
	};

	/** Null: there will be no answer. */
	const perform = async (res: ServerResponse, call: Call, kept: Kept | undefined, forget: () => void): Promise<Answer | null> => {
		const fault = takeFault(call.what);
		const refused = fault?.answer === 429 || fault?.answer === 401;
		const result = !fault || (fault.done && !refused) ? answered(() => work(books, call)) : undefined;
		const keep = (answer: Answer | null): Answer | null => {
			if (kept && answer) kept.answer = answer;
			return answer;
		};
		if (!fault) {
			if (result && !result.saved) forget();
			return keep(result ?? null);
		}
		// Lost on the way back: the work is done and its answer kept. Never begun: the key is free.
		if (fault.answer === "drop" || fault.answer === "hang") {
			if (result?.saved) keep(result);
			else forget();
			return fail(res, fault, result);
		}
		const answer = await fail(res, fault, result);
		if (answer?.status === 429 || answer?.status === 401) forget();
		return keep(answer);
	};

	const handle = async (req: IncomingMessage, res: ServerResponse): Promise<void> => {
		const form = await text(req);
		const url = new URL(req.url ?? "/", "http://stripe.test");
		const what = `${req.method} ${url.pathname}`;
		const header = req.headers["idempotency-key"];
		const key = typeof header === "string" ? header : undefined;
		const params = decodeForm(req.method === "GET" ? url.search.slice(1) : form);
		const seen: SeenRequest = { what, key, params, headers: req.headers, replayed: false };
		requests.push(seen);
		if (req.headers.authorization !== `Bearer ${stripeKey}`)
			return send(res, errorOf(401, "invalid_request_error", `Invalid API Key provided: ${req.headers.authorization}`), false);
		if (req.headers["stripe-version"] !== apiVersion)
			return send(res, errorOf(400, "invalid_request_error", `Invalid API version: ${req.headers["stripe-version"]}`), false);
		const known = key === undefined ? undefined : keys.get(key);
		if (known && (known.what !== what || known.form !== form))
			return send(res, errorOf(400, "idempotency_error", "Keys can only be used with the same parameters"), false);
		if (known && !known.answer)
			return send(res, errorOf(409, "idempotency_error", "In progress", { code: "idempotency_key_in_use" }), false);
		if (known?.answer) {
			seen.replayed = true;
			const fault = takeFault(what);
			const again = fault ? await fail(res, fault, known.answer) : known.answer;
			return again ? send(res, again, again === known.answer) : undefined;
		}
		const kept: Kept | undefined = key === undefined ? undefined : { what, form };
		if (key !== undefined && kept) keys.set(key, kept);
		const answer = await perform(res, { what, path: url.pathname, params }, kept, () => key !== undefined && keys.delete(key));
		if (answer) send(res, answer, false);
	};

	const server = createServer((req, res) => {
		handle(req, res).catch((error: unknown) => send(res, errorOf(500, "api_error", String(error)), false));
	});
	server.listen(0, "127.0.0.1");
	await once(server, "listening");
	const release = (): void => {
		for (const go of held) go();
		held = [];
	};
	return {
		url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
		...{ books, requests, release },
		fault: (fault) => void faults.push({ times: 1, ...fault }),
		forgetKeys: () => keys.clear(),
		calm() {
			faults = [];
			release();
			requests.length = 0;
		},
		async stop() {
			release();
			server.close();
			server.closeAllConnections();
			await once(server, "close");
		},
	};
};
