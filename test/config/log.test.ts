import assert from "node:assert/strict";
import { jsonLine, prettyLine } from "../../config/log-format.ts";
import { redact } from "../../config/redact.ts";

const secret = "s3cret-s3cret";
const ids = { requestId: "r1", traceId: "t1" };
const bindings = { nodeID: "n1", mod: "orders" };

describe("redaction", () => {
	it("masks what stands under a telling name, however deep", () => {
		const told = {
			user: { email: "a@b.example", password: secret },
			headers: [{ Authorization: secret, cookie: secret }],
			refreshToken: secret,
		};
		const seen = JSON.stringify(redact(told));
		assert.ok(!seen.includes(secret), seen);
		assert.ok(seen.includes("a@b.example"));
	});

	it("masks passwords in URLs, bearer tokens and JSON web tokens in any text", () => {
		const jwt = "eyJhbGciOiJFZERTQSJ9.eyJzdWIiOiJ1c2VyIn0.c2lnbmF0dXJlLW9mLWl0";
		for (const text of [`mongodb://souk:${secret}@db:27017/souk`, `Authorization: Bearer ${secret}`, `token ${jwt} refused`]) {
			const seen = String(redact(text));
			assert.ok(!seen.includes(secret) && !seen.includes(jwt), seen);
			assert.ok(seen.includes("[redacted]"));
		}
	});

	it("masks the secret of a service key and leaves its id, which tells whose it is", () => {
		const id = "abcdefghijklmnopqrstuvwx";
		assert.equal(redact(`souk_${id}.${"s-_".repeat(14)}s was sent`), `souk_${id}.[redacted] was sent`);
	});

	it("masks what makes a refresh token or the link of a mail one, and leaves whose it is", () => {
		const [id, mac] = ["abcdefghijklmnopqrstuvwx", `${"m-_".repeat(14)}m`];
		for (const text of [`${id}.7`, `${id}.${id}`, `demo-seller.${id}`]) {
			assert.equal(redact(`no good: ${text}.${mac}, it says`), `no good: ${text}.[redacted], it says`);
		}
		assert.equal(redact("souk.events.user.registered"), "souk.events.user.registered");
	});

	it("masks Stripe's keys and signing secrets in any text", () => {
		for (const key of ["sk_live_51SoukSouk", "rk_test_51SoukSouk", "whsec_51SoukSouk"]) {
			const seen = String(redact(`Invalid API Key provided: ${key}.`));
			assert.equal(seen, "Invalid API Key provided: [redacted].");
		}
	});

	it("masks an error's message and its causes, and keeps its code", () => {
		const cause = new Error(`cannot reach redis://:${secret}@cache`);
		const error = Object.assign(new Error(`no cache at redis://:${secret}@cache`, { cause }), { code: "ECONNREFUSED" });
		const seen = JSON.stringify(redact(error));
		assert.ok(!seen.includes(secret), seen);
		assert.match(seen, /ECONNREFUSED/);
	});

	it("does not follow a circle for ever", () => {
		const circle: Record<string, unknown> = {};
		circle.self = circle;
		assert.match(JSON.stringify(redact(circle)), /deep/);
	});
});

describe("a line of the log", () => {
	it("is one JSON object with the request it belongs to", () => {
		const args = ["order", "o1", { items: 2, token: secret }];
		const line = JSON.parse(String(jsonLine("info", args, bindings, ids)[0]));
		assert.ok(!Number.isNaN(Date.parse(line.time)));
		assert.deepEqual(
			{ ...line, time: "" },
			{
				time: "",
				level: "info",
				node: "n1",
				service: "orders",
				message: "order o1",
				requestId: "r1",
				traceId: "t1",
				data: { items: 2, token: "[redacted]" },
			},
		);
	});

	it("carries an error with its stack, and its message if nothing else was said", () => {
		const line = JSON.parse(String(jsonLine("error", [new TypeError("no such order")], bindings)[0]));
		assert.equal(line.message, "no such order");
		assert.equal(line.error.name, "TypeError");
		assert.match(line.error.stack, /log\.test/);
	});

	it("is for people when it is pretty, and no less careful", () => {
		const [line] = prettyLine("warn", ["login failed", { password: secret }], bindings, ids);
		assert.match(String(line), /WARN {2}orders: login failed .*\(request r1, trace t1\)$/);
		assert.ok(!String(line).includes(secret));
	});
});
