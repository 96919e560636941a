import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import type { HttpClient } from "../support/http.ts";
import { InboxDevice } from "../support/inbox-device.ts";
import { LiveSockets } from "../support/live-socket.ts";
import { type Market, openMarket } from "../support/market.ts";
import { type Collector, drawn, type SeenSpan } from "../support/otlp-collector.ts";
import { until } from "../support/until.ts";

/** Everything is recorded, though the clients here do not ask for it. */
export const tracedEnv = ({ url }: Collector) =>
	({ OTEL_EXPORTER_OTLP_ENDPOINT: `${url}/`, OTEL_TRACES_SAMPLER_ARG: "1", OTEL_BSP_SCHEDULE_DELAY: "50" }) as const;

export interface TracedWorld {
	api: HttpClient;
	collector: Collector;
	/** The gateway, what has to do with orders, and mails are on a node each. */
	clustered: boolean;
	/** Of the node that takes orders. */
	logs: () => string;
}

const hex = (bytes: number): string => randomBytes(bytes).toString("hex");

/** What a client says that its request is part of; its flag says that nobody records it. */
const clientTrace = () => {
	const [traceId, spanId] = [hex(16), hex(8)];
	return { traceId, spanId, headers: { traceparent: `00-${traceId}-${spanId}-00`, tracestate: "vendor=hers" } };
};

/** From the first span to this one; a call to another node, which is one of either side, once. */
const pathOf = (spans: readonly SeenSpan[], span: SeenSpan): string[] => {
	const parent = spans.find(({ spanId }) => spanId === span.parentId);
	const above = parent ? pathOf(spans, parent) : [];
	return above.at(-1) === span.name ? above : [...above, span.name];
};

const named = (spans: readonly SeenSpan[], name: string): SeenSpan[] => spans.filter((span) => span.name === name);

const hostile = [
	"",
	"garbage",
	`00-${"0".repeat(32)}-${"1".repeat(16)}-01`,
	`00-${"1".repeat(32)}-${"0".repeat(16)}-01`,
	`00-${"1".repeat(31)}-${"1".repeat(16)}-01`,
	`00-${"1".repeat(32)}-${"1".repeat(16)}-01-more`,
	`ff-${"1".repeat(32)}-${"1".repeat(16)}-01`,
	`00-${"A".repeat(32)}-${"1".repeat(16)}-01`,
	`00-${"1".repeat(32)}-${"1".repeat(16)}-01, 00-${"2".repeat(32)}-${"1".repeat(16)}-01`,
	"1".repeat(5_000),
];

/** Run by traces.test.ts and mail.cluster.test.ts: what a collector gets to see of what people do. */
export const traces = (souk: () => TracedWorld): void => {
	let market: Market;
	let order: { id: string };
	const told = "Is it still hot at seven?";
	const { traceId, spanId, headers } = clientTrace();
	before(async () => {
		market = await openMarket(souk().api);
	});

	/** In one process no bus is published on. */
	const publish = (type: string): string[] => (souk().clustered ? [`${type} publish`] : []);
	const inboxPath = (): string[] => [
		...["POST /v1/orders", "orders.place", ...publish("order.placed"), "order.placed process"],
		"/notifications entries",
	];
	const mailPath = (): string[] => [
		...["POST /v1/orders", "orders.place", ...publish("order.placed"), "order.placed process"],
		...[...publish("payment.captured"), "payment.captured process", ...publish("order.paid"), "order.paid process", "mail send"],
	];
	const has = (path: readonly string[]) => (spans: readonly SeenSpan[]) =>
		spans.some((span) => span.name === path.at(-1) && pathOf(spans, span).join(" > ") === path.join(" > "));

	it("an order is one trace, from its request to what its buyer sees and is mailed", async () => {
		const { api, collector, clustered } = souk();
		const device = new InboxDevice({ url: api.url, who: market.buyer });
		try {
			await device.live();
			const placed = await market.tryPlace({ paymentMethod: "sandbox_success" }, headers);
			assert.equal(placed.status, 201, placed.text);
			order = placed.body;
			await market.until(order.id, "paid");
			const whole = (spans: SeenSpan[]) => has(inboxPath())(spans) && has(mailPath())(spans);
			const spans = await collector.trace(traceId, whole);
			const [root, ...more] = spans.filter((span) => span.parentId === spanId);
			assert.deepEqual([root?.name, root?.kind, more], ["POST /v1/orders", "server", []]);
			const orphans = spans.filter((span) => span !== root && !spans.some((other) => other.spanId === span.parentId));
			assert.deepEqual(orphans, [], drawn(spans));
			for (const span of spans) assert.ok(span.to >= span.from && span.from >= (root?.from ?? 0) - 5, drawn(spans));
			const nodes = new Set(spans.map(({ service }) => service));
			const services = clustered ? ["souk-email", "souk-gateway-auth", "souk-orders-payment-chat-notification"] : ["souk"];
			assert.deepEqual([...nodes].sort(), services);
		} finally {
			device.close();
		}
	});

	it("calls between nodes have a span on either side, handlers say which group they are of", async () => {
		const { collector, clustered } = souk();
		const spans = await collector.trace(traceId, has(mailPath()));
		const place = named(spans, "orders.place").map(({ kind }) => kind);
		assert.deepEqual(place.sort(), clustered ? ["client", "server"] : ["internal"]);
		const groups = named(spans, "order.placed process").map(({ attributes }) => attributes["messaging.consumer.group.name"]);
		assert.deepEqual([...new Set(groups)].sort(), ["email", "notification", "payment"]);
		const [root] = named(spans, "POST /v1/orders");
		const seen = { "http.request.method": "POST", "http.route": "/v1/orders", "http.response.status_code": 201 };
		assert.deepEqual(root?.attributes, seen);
	});

	it("a message over a socket begins a trace, which goes on to those who follow", async () => {
		const { api, collector } = souk();
		const sockets = new LiveSockets(() => api.url);
		try {
			const opened = await api.post("/v1/conversations", { memberIds: [market.seller.id] }, { token: market.buyer.token });
			const stream: string = opened.body.streamId;
			const [mine, theirs] = [market.buyer, market.seller].map(({ token }) => sockets.dial({ stream, token }));
			await Promise.all([mine?.ready(), theirs?.ready()]);
			const before = named(collector.spans, "/chat post").length;
			const answer = await mine?.ask("post", { id: "m1", text: told });
			assert.deepEqual(answer?.ok, true, JSON.stringify(answer));
			const find = async () => named(collector.spans, "/chat post")[before];
			const post = await until("the span of a post", find, (span) => span !== undefined);
			const path = ["/chat post", ...publish("chat.message_posted"), "chat.message_posted process"];
			const spans = await collector.trace(
				post?.traceId ?? "",
				(all) => has(["/chat post", "/chat entries"])(all) && has(path)(all),
			);
			assert.equal(post?.parentId, "");
			const [entries] = named(spans, "/chat entries");
			assert.equal(entries?.attributes["souk.stream.followers"], 2);
		} finally {
			sockets.closeAll();
		}
	});

	it("a refusal is told by its code, and is no failure of ours", async () => {
		const { api, collector } = souk();
		const { traceId: id, headers: said } = clientTrace();
		const answer = await api.get("/v1/orders/nosuchorder", { token: market.buyer.token, headers: said });
		assert.equal(answer.status, 404);
		const spans = await collector.trace(id, (all) => all.some(({ kind, name }) => kind === "server" && name.startsWith("GET")));
		for (const name of ["GET /v1/orders/:id", "orders.get"]) {
			const [span] = named(spans, name);
			assert.deepEqual([span?.attributes["error.type"], span?.failed], ["NOT_FOUND", null], drawn(spans));
		}
	});

	it("what is no traceparent is no trace, and no harm", async () => {
		const { api, collector } = souk();
		const before = named(collector.spans, "GET /openapi.json").length;
		for (const traceparent of hostile) {
			const answer = await api.get("/openapi.json", { headers: { traceparent } });
			assert.equal(answer.status, 200, traceparent);
		}
		const read = async () => named(collector.spans, "GET /openapi.json").slice(before);
		const roots = await until("a trace of each", read, ({ length }) => length === hostile.length);
		assert.deepEqual(new Set(roots.map(({ parentId }) => parentId)), new Set([""]));
		assert.equal(new Set(roots.map((span) => span.traceId)).size, hostile.length);
	});

	it("the lines that are logged for it name the request and the trace", async () => {
		const { api, logs } = souk();
		const { traceId: id, headers: said } = clientTrace();
		const requestId = `request-${hex(8)}`;
		const { seller, buyer } = market;
		const { email } = await market.newcomer("buyer");
		await api.post("/v1/auth/login", { email, password: "correct horse battery staple" }, { headers: { ...said, "x-request-id": requestId } }); // biome-ignore format: one line
		const find = async () => logs().split("\n").find((line) => line.includes("logged in") && line.includes(requestId)); // biome-ignore format: one line
		const line = await until("the line of a login", find, (found) => found !== undefined);
		const { requestId: seen, traceId: trace } = JSON.parse(line ?? "{}");
		assert.deepEqual([seen, trace], [requestId, id]);
		assert.ok(seller && buyer);
	});

	it("no span names anybody, or holds anything that somebody wrote", async () => {
		const { collector } = souk();
		const { buyer, seller } = market;
		const secret = [
			buyer.id,
			seller.id,
			buyer.email,
			seller.email,
			buyer.token,
			order.id,
			told,
			"A buyer",
			"127.0.0.1",
			"vendor",
		];
		for (const text of secret) assert.ok(!collector.text.includes(text), text);
	});

	it("what watches the nodes is not recorded", async () => {
		const { api, collector } = souk();
		assert.equal((await api.get("/health/ready")).status, 200);
		assert.deepEqual(
			collector.spans.filter(({ name }) => name.includes("/health")),
			[],
		);
	});

	it("while the collector is away requests are answered as ever, and what is lost is counted", async () => {
		const { api, collector, clustered } = souk();
		collector.answer(400);
		const id = (await market.place({ paymentMethod: "sandbox_success" })).id;
		await market.until(id, "paid");
		const lost = async (): Promise<number> => {
			const { text } = await api.get("/metrics");
			return Number(/^trace_spans_total\{outcome="lost"\} (\d+)$/m.exec(text)?.[1] ?? 0);
		};
		if (!clustered) await until("lost spans to be counted", lost, (count) => count > 5);
		collector.answer(200);
		const { traceId: again, headers: said } = clientTrace();
		await market.tryPlace({}, said);
		await collector.trace(again, (spans) => spans.some(({ name }) => name === "POST /v1/orders"));
	});
};
