import assert from "node:assert/strict";
import { createHash, randomUUID } from "node:crypto";
import { assertAnnounced, type Json } from "../support/announced.ts";
import type { HttpAnswer, HttpClient, Say } from "../support/http.ts";
import { type Someone, signUp } from "../support/market.ts";

/** What the first chat's client sends and reads, in both profiles. Each answer is held against the OpenAPI document. */
export const olderChat = (api: () => HttpClient): void => {
	let [ann, bob, cid]: Someone[] = [];
	let stream = "";
	let document: Json;
	beforeEach(async () => {
		[ann, bob, cid] = await Promise.all(["buyer", "seller", "buyer"].map((role) => signUp(api(), role as "buyer")));
		stream = createHash("sha256").update([ann?.id, bob?.id].sort().join("")).digest("hex").slice(0, 16);
		document ??= (await api().get("/openapi.json")).body;
	});

	const by = (who: Someone | undefined, headers: Record<string, string> = {}): Say => ({ token: who?.token ?? "", headers });
	const call = async (method: string, path: string, body: unknown, say: Say): Promise<HttpAnswer> => {
		const answer = await api().request(method, path, body, say);
		assertAnnounced(document, method, path, answer);
		return answer;
	};
	const message = <More extends object>(more: More = {} as More) => ({
		content: "hello",
		stream_id: stream,
		sender_id: ann?.id,
		receiver_id: bob?.id,
		...more,
	});
	const send = (more: object = {}, say = by(ann), path = "/chat/messages"): Promise<HttpAnswer> =>
		call("POST", path, message(more), say);
	const sent = async (content: string): Promise<HttpAnswer["body"]> => {
		const { status, text, body } = await send({ content });
		assert.equal(status, 201, text);
		return body;
	};
	const read = (query = "", say = by(bob)): Promise<HttpAnswer> =>
		call("GET", `/chat/messages?stream_id=${stream}${query}`, undefined, say);
	const contents = async (query = ""): Promise<string[]> => {
		const { status, text, body } = await read(query);
		assert.equal(status, 200, text);
		return body.messages.map(({ content }: { content: string }) => content);
	};
	const refused = ({ status, headers, body }: HttpAnswer, field: RegExp): void => {
		assert.deepEqual([status, headers.get("content-type"), Object.keys(body)], [400, "application/json", ["error"]]);
		assert.match(body.error, field);
	};
	const later = `/v1/conversations`;

	it("the first message makes the conversation of the two, under either path", async () => {
		const first = await send({ message_id: "m1" });
		assert.equal(first.status, 201, first.text);
		assert.deepEqual(first.body, message({ message_id: "m1", created_at: first.body.created_at }));
		assert.ok(Date.parse(first.body.created_at) > Date.parse("2020-01-01"));
		const back = { sender_id: bob?.id, receiver_id: ann?.id, content: "hi" };
		const second = await send(back, by(bob), "/chat/persist");
		assert.equal(second.status, 201, second.text);
		assert.match(second.body.message_id, /^[\w.:-]+$/);
		assert.deepEqual((await read()).body, { messages: [first.body, second.body] });
		const { items } = (await api().get(`${later}/${stream}/messages`, by(ann))).body;
		assert.deepEqual(
			items.map((entry: { seq: number; id: string; body: object }) => [entry.seq, entry.id, entry.body]),
			[
				[1, "m1", { text: "hello" }],
				[2, second.body.message_id, { text: "hi" }],
			],
		);
	});

	it("two who begin at once begin one conversation, and both are told 201", async () => {
		const both = await Promise.all([
			send({ content: "ann" }),
			send({ content: "bob", sender_id: bob?.id, receiver_id: ann?.id }, by(bob)),
		]);
		assert.deepEqual(both.map(({ status, headers }) => [status, headers.get("idempotency-replayed")]), [[201, null], [201, null]]); // biome-ignore format: one line
		assert.deepEqual((await contents()).sort(), ["ann", "bob"]);
	});

	it("a message that is sent again is the same message; another one under its id is a problem", async () => {
		const first = await send({ message_id: "m1" });
		assert.deepEqual((await send({ message_id: "m1" }, by(ann), "/chat/persist")).body, first.body);
		const other = await send({ message_id: "m1", content: "other" });
		assert.deepEqual([other.status, other.headers.get("content-type"), other.body.code], [409, "application/problem+json", "ID_REUSED"]); // biome-ignore format: one line
		const key = by(ann, { "idempotency-key": randomUUID() });
		const keyed = await send({ content: "keyed" }, key);
		const repeated = await send({ content: "keyed" }, key);
		assert.deepEqual([repeated.status, repeated.body, repeated.headers.get("idempotency-replayed")], [201, keyed.body, "true"]); // biome-ignore format: one line
		assert.deepEqual(await contents(), ["hello", "keyed"]);
	});

	it("says what is wrong in a line", async () => {
		refused(await send({ content: "" }), /^content: /);
		for (const name of ["content", "stream_id", "sender_id", "receiver_id"]) refused(await send({ [name]: undefined }), new RegExp(`^${name}: `)); // biome-ignore format: one line
		refused(await send({ content: 7 }), /^content: /);
		refused(await send({ content: "x".repeat(16_001) }), /^content: .*16,000/);
		refused(await send({ message_id: "no spaces" }), /^message_id: /);
		refused(await send({ stream_id: "0123456789abcdef" }), /^stream_id: /);
		refused(await send({ receiver_id: cid?.id }), /^stream_id: /);
		refused(await send({ receiver_id: ann?.id }), /^receiver_id: /);
		refused(await call("GET", "/chat/messages", undefined, by(ann)), /^stream_id: /);
		assert.equal((await api().get(`${later}/${stream}`, by(ann))).status, 404); // nothing was made meanwhile
	});

	it("knows nobody but the caller", async () => {
		await sent("hello");
		for (const sender_id of [bob?.id, "nobody", 7, null]) assert.equal((await send({ sender_id })).body.code, "NOT_FOUND"); // biome-ignore format: one line
		const nobody = "aaaaaaaaaaaaaaaaaaaaaaaa";
		const stream_id = createHash("sha256").update([ann?.id, nobody].sort().join("")).digest("hex").slice(0, 16);
		assert.equal((await send({ receiver_id: nobody, stream_id })).body.code, "NOT_FOUND");
		assert.equal((await read("", by(cid))).body.code, "NOT_FOUND");
		assert.equal((await read("", {})).body.code, "UNAUTHORIZED");
		assert.equal((await send({}, {})).body.code, "UNAUTHORIZED");
		assert.deepEqual(await contents(), ["hello"]);
	});

	it("reads on from a message or from a time", async () => {
		const [one, two] = [await sent("one"), await sent("two")];
		const between = `&since=${encodeURIComponent(two.created_at)}`;
		await new Promise((resolve) => setTimeout(resolve, 2)); // another millisecond
		const three = await sent("three");
		assert.deepEqual(await contents(`&since=${one.message_id}`), ["two", "three"]);
		assert.deepEqual(await contents(`&since=${three.message_id}`), []);
		assert.deepEqual(await contents(between), ["three"]);
		assert.deepEqual(await contents(`&since=${Date.parse(two.created_at)}`), ["three"]);
		assert.deepEqual(await contents("&since=2020-01-01"), ["one", "two", "three"]);
		assert.deepEqual(await contents("&since=2999-01-01T00:00:00Z"), []);
		for (const since of ["nothing", "2020-99-99", " "]) refused(await read(`&since=${encodeURIComponent(since)}`), /^since: /);
	});

	it("shows messages as they read now, without those that are gone", async () => {
		const [one, two, three] = [await sent("one"), await sent("two"), await sent("three")];
		const path = (id: string) => `${later}/${stream}/messages/${id}`;
		assert.equal((await api().patch(path(one.message_id), { text: "ONE" }, by(ann))).status, 200);
		assert.equal((await api().delete(path(two.message_id), by(ann))).status, 204);
		assert.deepEqual(await contents(), ["ONE", "three"]);
		assert.deepEqual(await contents(`&since=${two.message_id}`), ["three"]);
		assert.deepEqual((await read(`&since=${one.message_id}`)).body.messages, [three]);
	});

	it("answers a history of many pages in one", async () => {
		const all = Array.from({ length: 40 }, (_, index) => `${index}`);
		for (const content of all) await sent(content);
		assert.deepEqual(await contents(), all);
		const first = (await read()).body.messages[0];
		assert.deepEqual(await contents(`&since=${first.message_id}`), all.slice(1));
	});
};
