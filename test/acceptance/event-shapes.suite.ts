import assert from "node:assert/strict";
import type { TObject } from "typebox";
import { eventTypes as allTypes, type DomainEvent, type EventType, eventSchema } from "../../contracts/events.ts";
import { compileCheck } from "../../middlewares/field-errors.ts";
import { parseTraceparent } from "../../mixins/tracing/trace-context.ts";
import type { HttpClient } from "../support/http.ts";
import { type Market, openMarket } from "../support/market.ts";
import type { TestClock } from "../support/test-clock.ts";
import { until } from "../support/until.ts";

/** Mails are not of this suite. */
const elsewhere: readonly EventType[] = ["email.sent", "email.failed"];
const eventTypes = allTypes.filter((type) => !elsewhere.includes(type));

/** Settings under which every type of event happens. What waits for its buyer here is paid or cancelled long before. */
export const eventfulEnv = { PAYMENT_DUE_AFTER: "5s", ORDER_EXPIRES_AFTER: "8s" } as const;

const heardIn = (logs: string): DomainEvent[] =>
	[...logs.matchAll(/^event (\{.*\})$/gm)].map(([, text = ""]) => JSON.parse(text) as DomainEvent);

const members = (value: unknown, schema: TObject): string[] =>
	Object.keys(value as object).filter((name) => !Object.hasOwn(schema.properties, name));

/** A minute after the mail of the registration there may be another. */
const askAgain = async (api: HttpClient, { buyer }: Market, clock: TestClock): Promise<void> => {
	await clock.advance(60_000);
	const ask = () => api.post("/v1/auth/verify-email/request", undefined, { token: buyer.token });
	await until("another mail", ask, ({ status }) => status === 202);
};

const live = async (api: HttpClient, market: Market, logs: () => string): Promise<void> => {
	const token = market.seller.token;
	await market.place({ paymentMethod: "sandbox_requires_action" }); // until it expires
	const sold = await market.place({ paymentMethod: "sandbox_success" });
	await market.until(sold.id, "paid");
	await market.move(sold.id, "ship", { carrier: "Pos", trackingNumber: "T1", estimatedDelivery: "tomorrow" }, token);
	await market.move(sold.id, "tracking", { status: "in_transit", location: "Ipoh" }, token);
	await market.move(sold.id, "deliver", {}, token);
	const declined = await market.place({ paymentMethod: "sandbox_declined" });
	await market.until(declined.id, "payment_declined");
	await market.move(declined.id, "pay", { paymentMethod: "sandbox_success" });
	await market.until(declined.id, "paid");
	await market.move(declined.id, "cancel", { reason: "too late" });
	const waiting = await market.place({ paymentMethod: "sandbox_requires_action" });
	await market.untilOrder(waiting.id, (order) => order.payment.status === "requires_action");
	await market.move(waiting.id, "cancel", {});
	const talk = await api.post("/v1/conversations", { memberIds: [market.seller.id] }, { token: market.buyer.token });
	const said = await api.post(`/v1/conversations/${talk.body.streamId}/messages`, { text: "Where is it?" }, { token });
	assert.equal(said.status, 201, said.text);
	const leaver = await market.newcomer("buyer");
	const as = { token: leaver.token };
	const password = { current: "correct horse battery staple", next: "another passphrase of the tests" };
	assert.equal((await api.put("/v1/auth/password", password, as)).status, 204);
	const login = await api.post("/v1/auth/login", { email: leaver.email, password: password.next });
	assert.equal((await api.post("/v1/auth/password-reset", { email: leaver.email })).status, 202);
	await until("the request to be settled", async () => heardIn(logs()).some(({ type }) => type === "user.password_reset_requested"), Boolean); // biome-ignore format: one line
	const gone = await api.delete("/v1/auth/me", { token: login.body.accessToken });
	assert.equal(gone.status, 204, JSON.stringify(gone.body));
};

/** Run by event-shapes.test.ts and event-shapes.cluster.test.ts: what is published is what contracts/event-data.ts says. */
export const eventShapes = (api: () => HttpClient, logs: () => string, clock: () => TestClock): void => {
	let heard: DomainEvent[];
	before(async () => {
		const market = await openMarket(api());
		await live(api(), market, logs);
		const missing = (): EventType[] => eventTypes.filter((type) => !heardIn(logs()).some((event) => event.type === type));
		const waitFor = (holds: (seen: EventType[]) => boolean) => until("every type of event", async () => missing(), holds);
		await waitFor((seen) => seen.every((type) => type === "user.verification_requested"));
		await askAgain(api(), market, clock());
		await waitFor(({ length }) => length === 0);
		heard = heardIn(logs());
	});

	it("names the trace that each is part of, which is one for all that a request came to", () => {
		for (const event of heard) assert.ok(parseTraceparent(event.traceparent), JSON.stringify(event));
		const byRequest = Map.groupBy(heard.filter(({ requestid }) => requestid !== undefined), ({ requestid }) => requestid); // biome-ignore format: one line
		for (const [request, events] of byRequest) {
			const traces = new Set(events.map(({ traceparent }) => parseTraceparent(traceparent)?.traceId));
			assert.equal(traces.size, 1, `${request}: ${JSON.stringify(events)}`);
		}
		assert.ok([...byRequest.values()].some(({ length }) => length > 2));
	});

	for (const type of eventTypes) {
		it(`publishes ${type} as the table says, with nothing that it does not say`, () => {
			const schema = eventSchema(type) as TObject<{ data: TObject }>;
			const check = compileCheck(schema);
			for (const event of heard.filter((one) => one.type === type)) {
				assert.deepEqual(check(event), null, JSON.stringify(event));
				assert.deepEqual(members(event, schema), []);
				assert.deepEqual(members(event.data, schema.properties.data), []);
			}
		});
	}
};
