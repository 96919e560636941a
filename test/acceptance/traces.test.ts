import assert from "node:assert/strict";
import { LiveSockets } from "../support/live-socket.ts";
import { mailboxOf } from "../support/mailbox.ts";
import { openMarket, signUp } from "../support/market.ts";
import { type Collector, startCollector } from "../support/otlp-collector.ts";
import { type SmtpSink, startSmtp } from "../support/smtp.ts";
import { admin, type Souk, startSouk } from "../support/souk.ts";
import { tracedEnv, traces } from "./traces.suite.ts";

describe("Traces and logs, everything in one process", function () {
	this.timeout(60_000);
	let souk: Souk;
	let collector: Collector;
	let smtp: SmtpSink;
	before(async () => {
		[collector, smtp] = await Promise.all([startCollector(), startSmtp()]);
		const secret = { OTEL_EXPORTER_OTLP_HEADERS: "x-collector-key=of%20the%20tests" };
		souk = await startSouk({ env: { ...tracedEnv(collector), ...secret, SMTP_URL: smtp.url, LOG_LEVEL: "trace" } });
	});
	after(async () => {
		await souk?.stop();
		await Promise.all([collector?.stop(), smtp?.stop()]);
	});

	it("nothing secret or private is logged at the lowest level, whatever people do", async () => {
		const { api } = souk;
		const market = await openMarket(api);
		const { buyer, seller } = market;
		await market.until((await market.place({ paymentMethod: "sandbox_success" })).id, "paid");
		const opened = await api.post("/v1/conversations", { memberIds: [seller.id] }, { token: buyer.token });
		const stream: string = opened.body.streamId;
		const sockets = new LiveSockets(() => souk.url);
		const socket = await sockets.dial({ stream, token: seller.token }).ready();
		const words = ["Meet me behind the well", "I shall wear a red hat"];
		assert.equal(
			(await api.post(`/v1/conversations/${stream}/messages`, { text: words[0] }, { token: buyer.token })).status,
			201,
		);
		assert.equal((await socket.ask("post", { id: "m1", text: words[1] })).ok, true);
		sockets.closeAll();
		const forgetful = await signUp(api, "buyer");
		assert.equal((await api.post("/v1/auth/password-reset", { email: forgetful.email })).status, 202);
		const mail = await mailboxOf(smtp, forgetful.email).has(1, /password/i);
		const link = decodeURIComponent(/#token=([^\s)]+)/.exec(mail.text ?? "")?.[1] ?? "");
		const next = "another passphrase of the tests";
		assert.equal((await api.post("/v1/auth/password-reset/confirm", { token: link, password: next })).status, 204);
		assert.equal((await api.post("/v1/auth/login", { email: forgetful.email, password: "a wrong one" })).status, 401);
		const login = await api.post("/v1/auth/login", { email: forgetful.email, password: next });
		const refreshed = await api.post("/v1/auth/refresh", { refreshToken: login.body.refreshToken });
		const tokens = [login, refreshed].flatMap(({ body }) => [body.accessToken, body.refreshToken]);

		const told = { passwords: ["correct horse", "another passphrase", "a wrong one", admin.password], words };
		const people = [buyer, seller, forgetful];
		const secrets = [
			...[...told.passwords, ...told.words, ...tokens, link, "of the tests", "of%20the%20tests"],
			...people.flatMap(({ email, token }) => [email, token, token.split(".")[2]]),
		];
		assert.ok(souk.logs.length < 390_000, "the log is longer than what is kept of it");
		for (const secret of secrets) {
			assert.ok(typeof secret === "string" && secret.length > 8, `${secret} is no secret`);
			const line = souk.logs.split("\n").find((one) => one.includes(secret));
			assert.equal(line, undefined);
		}
	});

	it("every line that is logged for a request names it and its trace, through handlers and mails", () => {
		const lines = souk.logs.split("\n").filter((line) => line.startsWith("{")).map((line) => JSON.parse(line)); // biome-ignore format: one line
		const bound = lines.filter(({ requestId, traceId }) => requestId !== undefined || traceId !== undefined);
		assert.ok(bound.length > 50);
		for (const line of bound) assert.match(`${line.requestId} ${line.traceId}`, /^[\w-]+ [\da-f]{32}$/);
		// What Moleculer says of a call knows the request, and has to be in its trace.
		const calls = lines.filter(({ data }) => data?.requestID !== undefined);
		const traces = Map.groupBy(bound, ({ requestId }) => requestId);
		for (const { requestId, data } of calls) if (requestId !== undefined) assert.equal(requestId, data.requestID);
		for (const [requestId, of] of traces) assert.equal(new Set(of.map(({ traceId }) => traceId)).size, 1, requestId);
		const mailed = calls.filter(({ data }) => data.action === "auth.contactsOf" || data.action === "notification.preferencesOf");
		assert.ok(mailed.length > 0 && mailed.every(({ traceId }) => traceId !== undefined));
	});

	describe("as a collector sees them", () => {
		traces(() => ({ api: souk.api, collector, clustered: false, logs: () => souk.logs }));

		it("the collector is told what the environment says it wants to hear", () => {
			assert.ok(collector.headers.length > 0);
			for (const headers of collector.headers) assert.equal(headers["x-collector-key"], "of the tests");
		});
	});

	describe("at a stop", () => {
		it("what is left is sent before the process ends", async () => {
			const traceId = "4bf92f3577b34da6a3ce929d0e0e4736";
			const headers = { traceparent: `00-${traceId}-00f067aa0ba902b7-00` };
			assert.equal((await souk.api.get("/openapi.json", { headers })).status, 200);
			const { code } = await souk.stop();
			assert.equal(code, 0);
			assert.ok(collector.spans.some((span) => span.traceId === traceId));
		});
	});
});
