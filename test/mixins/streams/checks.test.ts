import assert from "node:assert/strict";
import fc from "fast-check";
import { DomainError } from "../../../contracts/errors.ts";
import { type ClientMessageName, clientMessages, inboxOf } from "../../../contracts/sockets.ts";
import { handshakeOf, requestChecks, requestOf } from "../../../mixins/streams/checks.ts";

const wrong = (name: ClientMessageName, payload: unknown): Record<string, string> => {
	const error = requestChecks[name](payload);
	assert.ok(error, `${name} took ${JSON.stringify(payload)?.slice(0, 100)}`);
	assert.equal(error.code, "VALIDATION");
	return Object.fromEntries((error.extras.errors ?? []).map(({ pointer, detail }) => [pointer, detail]));
};

/** UTF-16 code units, of which some are halves of a character. */
const units = (min: number, max: number) => fc.integer({ min, max });

const right = (name: ClientMessageName, payload: unknown): void => assert.equal(requestChecks[name](payload), null);

const idWords = "must be 1 to 64 letters, digits or . _ : -";
const most = 16_000;

describe("What a client says on a socket", () => {
	const noObjects = [undefined, null, "text", 1, true, [], [{ id: "a", text: "b" }], Buffer.from("text"), new Uint8Array(4)];
	for (const name of Object.keys(clientMessages) as ClientMessageName[]) {
		it(`is taken as ${name} when it is as the table says`, () => right(name, clientMessages[name].example));

		it(`is no ${name} when it is no object`, () => {
			for (const payload of noObjects) {
				assert.deepEqual(wrong(name, payload), { "": "must be object" });
			}
		});
	}

	const faults: [name: ClientMessageName, payload: unknown, errors: Record<string, string>][] = [
		["post", {}, { "/id": "is required", "/text": "is required" }],
		["post", { id: "a", text: "" }, { "/text": "must not have fewer than 1 characters" }],
		["post", { id: "a", text: "x".repeat(most + 1) }, { "/text": "must not have more than 16000 characters" }],
		["post", { id: "a", text: "😀".repeat(most + 1) }, { "/text": "must not have more than 16000 characters" }],
		["post", { id: "a", text: 1 }, { "/text": "must be string" }],
		["post", { id: "a", text: Buffer.from("binary") }, { "/text": "must be string" }],
		["post", { id: "a", text: "half \ud83d of it" }, { "/text": "must not have half of a surrogate pair" }],
		["post", { id: "a", text: "\udc00" }, { "/text": "must not have half of a surrogate pair" }],
		["post", { id: "", text: "x" }, { "/id": idWords }],
		["post", { id: "a".repeat(65), text: "x" }, { "/id": idWords }],
		["post", { id: "a b", text: "x" }, { "/id": idWords }],
		["post", { id: "a\n", text: "x" }, { "/id": idWords }],
		["post", { id: "ä", text: "x" }, { "/id": idWords }],
		["post", { id: 7, text: "x" }, { "/id": "must be string" }],
		["post", { id: { $ne: null }, text: "x" }, { "/id": "must be string" }],
		["amend", { id: "a", text: "x" }, { "/target": "is required" }],
		["amend", { id: "a", target: "b" }, { "/text": "is required" }],
		["amend", { id: "a", target: "/", text: null }, { "/target": idWords }],
		["read", {}, { "/seq": "is required" }],
		["read", { seq: 0 }, { "/seq": "must be >= 1" }],
		["read", { seq: 1.5 }, { "/seq": "must be integer" }],
		["read", { seq: "7" }, { "/seq": "must be integer" }],
		["read", { seq: Number.NaN }, { "/seq": "must be integer" }],
		["delivered", { seq: 2 ** 53 }, { "/seq": "must be <= 9007199254740991" }],
		["history", { limit: 10 }, { "/before": "is required" }],
		["history", { before: 1, limit: 0 }, { "/limit": "must be >= 1" }],
		["history", { before: 1, limit: 201 }, { "/limit": "must be <= 200" }],
		["refresh", {}, { "/token": "is required" }],
		["refresh", { token: "x".repeat(8_193) }, { "/token": "must not have more than 8192 characters" }],
	];
	for (const [name, payload, errors] of faults) {
		it(`is refused as ${name} with ${JSON.stringify(payload).slice(0, 60)}: ${Object.entries(errors).join("; ")}`, () =>
			assert.deepEqual(wrong(name, payload), errors));
	}

	it("may have as many characters as it may, counted as people count code points", () => {
		for (const character of ["x", "😀", "\n", " ", "\u0000", "é"]) right("post", { id: "a", text: character.repeat(most) });
	});

	it("may be any text that can be kept to the letter", () => {
		fc.assert(
			fc.property(fc.array(fc.oneof(units(0, 0xffff), units(0xd7ff, 0xe000)), { minLength: 1 }), (codes) => {
				const text = String.fromCharCode(...codes);
				const kept = Buffer.from(text, "utf8").toString("utf8") === text;
				assert.equal(requestChecks.post({ id: "a", text }) === null, kept);
			}),
		);
	});

	it("may delete with null, and have more members than are asked for", () => {
		right("amend", { id: "a", target: "b", text: null });
		right("typing", { more: 1 });
		right("history", { before: 1 });
		right("history", { before: 1, limit: 200 });
	});

	it("comes as its type, or not at all", () => {
		const payload = { seq: 3 };
		assert.equal(requestOf("read", payload).seq, 3);
		assert.throws(() => requestOf("read", {}), DomainError);
	});
});

describe("What a client connects with", () => {
	const refused = (namespace: "/chat" | "/notifications", query: unknown, auth: unknown): DomainError => {
		try {
			handshakeOf(namespace, query, auth);
		} catch (error) {
			assert.ok(error instanceof DomainError);
			return error;
		}
		assert.fail("it was taken");
	};
	const auth = { token: "t" };

	it("is a stream, a token and a position", () => {
		const query = { stream_id: "g-1", EIO: "4", transport: "polling" };
		assert.deepEqual(handshakeOf("/chat", query, auth), { stream: "g-1", token: "t" });
		const whole = { token: "t", after: 0, lastId: "a", last: 200 };
		assert.deepEqual(handshakeOf("/chat", query, { ...whole, more: 1 }), { stream: "g-1", ...whole });
		assert.equal(handshakeOf("/notifications", { stream_id: inboxOf("ana") }, auth).stream, "inbox-ana");
	});

	it("needs one stream with a good id", () => {
		for (const stream_id of [undefined, "", "a b", "ä", "a/b", "a".repeat(65), ["a", "b"], 7])
			assert.equal(refused("/chat", { stream_id }, auth).code, "STREAM_REQUIRED", String(stream_id));
		for (const query of [undefined, null, "stream_id=a"]) assert.equal(refused("/chat", query, auth).code, "STREAM_REQUIRED");
	});

	it("needs a stream of the namespace, and is told of forceNew", () => {
		for (const [namespace, stream_id] of [["/chat", "inbox-ana"] as const, ["/notifications", "g-1"] as const]) {
			const error = refused(namespace, { stream_id }, auth);
			assert.equal(error.code, "WRONG_STREAM");
			assert.match(error.message, /forceNew/);
		}
	});

	it("needs a token", () => {
		for (const none of [undefined, null, {}, [], "t", { token: "" }, { token: 7 }, { token: null, after: -1 }])
			assert.equal(refused("/chat", { stream_id: "a" }, none).code, "UNAUTHORIZED", JSON.stringify(none));
	});

	const positions: [position: object, pointer: string][] = [
		[{ after: -1 }, "/after"],
		[{ after: "7" }, "/after"],
		[{ after: 1.5 }, "/after"],
		[{ after: null }, "/after"],
		[{ after: 1, lastId: "" }, "/lastId"],
		[{ last: 201 }, "/last"],
		[{ last: -1 }, "/last"],
	];
	for (const [position, pointer] of positions) {
		it(`cannot have the position ${JSON.stringify(position)}`, () => {
			const error = refused("/chat", { stream_id: "a" }, { ...auth, ...position });
			assert.equal(error.code, "VALIDATION");
			assert.deepEqual(
				error.extras.errors?.map((one) => one.pointer),
				[pointer],
			);
		});
	}
});
