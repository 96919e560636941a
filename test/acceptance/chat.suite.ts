import assert from "node:assert/strict";
import { createHash, randomUUID } from "node:crypto";
import type { HttpAnswer, HttpClient } from "../support/http.ts";
import { type Someone, signUp } from "../support/market.ts";
import { until } from "../support/until.ts";

/** What people who talk to each other live through, over HTTP. The same sentences must hold in both profiles. */
export const chatFlow = (api: () => HttpClient): void => {
	let [ann, bob, cid]: Someone[] = [];
	const by = (who: Someone | undefined, headers: Record<string, string> = {}) => ({ token: who?.token ?? "", headers });
	const base = "/v1/conversations";

	before(async () => {
		[ann, bob, cid] = await Promise.all(["buyer", "seller", "buyer"].map((role) => signUp(api(), role as "buyer")));
	});

	const pair = async (): Promise<HttpAnswer> => api().post(base, { memberIds: [bob?.id] }, by(ann));
	const say = (stream: string, who: Someone | undefined, text: string, more: object = {}, headers = {}): Promise<HttpAnswer> =>
		api().post(`${base}/${stream}/messages`, { text, ...more }, by(who, headers));

	it("a buyer and a seller have one conversation, made by the first who opens it", async () => {
		const first = await pair();
		assert.equal(first.status, 201, first.text);
		const digest = createHash("sha256").update([ann?.id, bob?.id].sort().join("")).digest("hex");
		assert.equal(first.body.streamId, digest.slice(0, 16));
		assert.equal(first.headers.get("location"), `${base}/${first.body.streamId}`);
		assert.deepEqual(first.body.members.find(({ id }: { id: string }) => id === bob?.id), { id: bob?.id, name: "A seller" }); // biome-ignore format: one line
		const second = await api().post(base, { memberIds: [ann?.id] }, by(bob));
		assert.deepEqual([second.status, second.body.streamId], [200, first.body.streamId]);
		assert.equal((await api().post(base, { memberIds: [ann?.id] }, by(ann))).status, 400);
		assert.equal((await api().post(base, { memberIds: ["nobody"] }, by(ann))).status, 404);
	});

	it("what one writes the other reads, in one order, and it counts until it is read", async () => {
		const { streamId } = (await pair()).body;
		const one = await say(streamId, ann, "Is it still there?", { id: "m1" });
		assert.deepEqual([one.status, one.body.seq, one.body.id], [201, 1, "m1"]);
		const two = await say(streamId, bob, "  It is.\n");
		assert.equal(two.body.seq, 2);
		const { items } = (await api().get(`${base}/${streamId}/messages?after=0`, by(bob))).body;
		assert.deepEqual(items[1], { stream: streamId, seq: 2, id: two.body.id, type: "message.posted", from: bob?.id, body: { text: "  It is.\n" }, at: two.body.at }); // biome-ignore format: one line
		assert.equal(items.length, 2);
		const [row] = (await api().get(base, by(bob))).body.items;
		assert.deepEqual([row.streamId, row.lastSeq, row.readSeq, row.unread, row.lastEntry], [streamId, 2, 0, 1, items[1]]);
		assert.deepEqual((await api().post(`${base}/${streamId}/read`, { seq: 2 }, by(bob))).body, { seq: 2 });
		const read = (await api().get(`${base}/${streamId}`, by(bob))).body;
		assert.deepEqual([read.readSeq, read.unread], [2, 0]);
	});

	it("a message that is sent again is the same message", async () => {
		const { streamId } = (await pair()).body;
		const id = randomUUID();
		const first = await say(streamId, ann, "once", { id });
		const again = await say(streamId, ann, "once", { id });
		assert.deepEqual([again.status, again.body], [201, first.body]);
		const other = await say(streamId, ann, "twice", { id });
		assert.deepEqual([other.status, other.body.code], [409, "ID_REUSED"]);
		const key = { "idempotency-key": randomUUID() };
		const keyed = await say(streamId, ann, "keyed", {}, key);
		const repeated = await say(streamId, ann, "keyed", {}, key);
		assert.deepEqual([repeated.body, repeated.headers.get("idempotency-replayed")], [keyed.body, "true"]);
		assert.equal((await say(streamId, ann, "other", {}, key)).status, 422);
	});

	it("messages are changed and deleted by whoever wrote them, with entries of their own", async () => {
		const { streamId } = (await pair()).body;
		const { body } = await say(streamId, ann, "typo");
		const path = `${base}/${streamId}/messages/${body.id}`;
		assert.equal((await api().patch(path, { text: "no typo" }, by(bob))).status, 404);
		const edited = await api().patch(path, { text: "no typo" }, by(ann));
		assert.deepEqual([edited.status, edited.body.seq], [200, body.seq + 1]);
		assert.equal((await api().delete(path, by(ann))).status, 204);
		assert.equal((await api().delete(path, by(ann))).status, 204);
		const { items } = (await api().get(`${base}/${streamId}/messages?after=${body.seq}`, by(bob))).body;
		assert.deepEqual(items.map((entry: { type: string; body: object }) => [entry.type, entry.body]), [["message.edited", { target: body.id, text: "no typo" }], ["message.deleted", { target: body.id }]]); // biome-ignore format: one line
	});

	it("a group takes people in and lets them go, and says so", async () => {
		const group = (await api().post(base, { memberIds: [bob?.id, cid?.id], title: "Lunch" }, by(ann))).body;
		assert.match(group.streamId, /^g-/);
		assert.equal((await api().delete(`${base}/${group.streamId}/members/${cid?.id}`, by(ann))).status, 204);
		assert.equal((await say(group.streamId, cid, "let me in")).status, 404);
		const back = await api().post(`${base}/${group.streamId}/members`, { userId: cid?.id }, by(bob));
		assert.deepEqual([back.status, back.body.members.length, back.body.title], [200, 3, "Lunch"]);
		const { items } = (await api().get(`${base}/${group.streamId}/messages`, by(cid))).body;
		assert.deepEqual(items.map((entry: { type: string }) => entry.type), ["member.left", "member.joined"]); // biome-ignore format: one line
	});

	it("many posts at once are one history without a gap", async () => {
		const { streamId } = (await api().post(base, { memberIds: [bob?.id, cid?.id] }, by(ann))).body;
		const posted = await Promise.all(
			Array.from({ length: 30 }, (_, index) => say(streamId, [ann, bob, cid][index % 3], `${index}`)),
		);
		assert.deepEqual(posted.map(({ body }) => body.seq).sort((a, b) => a - b), Array.from({ length: 30 }, (_, index) => index + 1)); // biome-ignore format: one line
		const row = (await api().get(`${base}/${streamId}`, by(ann))).body;
		assert.deepEqual([row.lastSeq, row.unread], [30, 20]);
	});

	it("mute, block, and strangers", async () => {
		const { streamId } = (await pair()).body;
		const muted = await api().post(`${base}/${streamId}/mute`, { until: "2999-01-01T00:00:00Z" }, by(ann));
		assert.deepEqual([muted.status, muted.body.mutedUntil], [200, "2999-01-01T00:00:00.000Z"]);
		assert.equal((await api().put(`/v1/blocks/${bob?.id}`, undefined, by(ann))).status, 204);
		assert.deepEqual([(await say(streamId, bob, "hello?")).status, (await say(streamId, ann, "no")).status], [403, 403]);
		assert.equal((await api().delete(`/v1/blocks/${bob?.id}`, by(ann))).status, 204);
		assert.equal((await say(streamId, bob, "hello")).status, 201);
		for (const path of [`${base}/${streamId}`, `${base}/${streamId}/messages`, `${base}/none/messages`]) assert.equal((await api().get(path, by(cid))).status, 404); // biome-ignore format: one line
		assert.equal((await say(streamId, cid, "hi")).status, 404);
		assert.equal((await api().get(base)).status, 401);
	});

	it("text has 1 to 16,000 characters", async () => {
		const { streamId } = (await pair()).body;
		assert.equal((await say(streamId, ann, "👍".repeat(16_000))).status, 201);
		for (const text of ["", "x".repeat(16_001)]) {
			const refusal = await say(streamId, ann, text);
			assert.deepEqual([refusal.status, refusal.body.errors?.[0]?.pointer], [400, "/text"]);
		}
	});

	it("pages of long messages end where one answer does, and the next one goes on from there", async () => {
		const { streamId } = (await api().post(base, { memberIds: [bob?.id, cid?.id], title: "Long" }, by(ann))).body;
		const count = 18;
		const long = "🍗".repeat(16_000); // 64,000 bytes each: together more than the bus carries in one message
		await Promise.all(Array.from({ length: count }, (_, index) => say(streamId, ann, long, { id: `long-${index}` })));
		const page = async (at: string) => (await api().get(`${base}/${streamId}/messages?limit=100&${at}`, by(bob))).body.items;
		const seqs = Array.from({ length: count }, (_, index) => index + 1);
		const forward = [];
		for (let items = await page("after=0"); items.length > 0; items = await page(`after=${forward.at(-1)}`))
			forward.push(...items.map(({ seq }: { seq: number }) => seq));
		assert.deepEqual(forward, seqs);
		const back = [];
		for (let items = await page(`before=${count + 1}`); items.length > 0; items = await page(`before=${back[0]}`))
			back.unshift(...items.map(({ seq }: { seq: number }) => seq));
		assert.deepEqual(back, seqs);
	});

	it("whoever deletes their account leaves their seqs behind, without a word", async () => {
		const eve = await signUp(api(), "buyer");
		const { streamId } = (await api().post(base, { memberIds: [ann?.id] }, by(eve))).body;
		assert.equal((await say(streamId, eve, "a secret")).status, 201);
		assert.equal((await api().delete("/v1/auth/me", by(eve))).status, 204);
		const read = async () => (await api().get(`${base}/${streamId}/messages`, by(ann))).body.items;
		const [entry] = await until("the message to be erased", read, ([first]) => first.erased === true);
		assert.deepEqual([entry.seq, entry.body], [1, null]);
		const view = await until("the list to forget it", async () => (await api().get(base, by(ann))).text, (text) => !text.includes("a secret")); // biome-ignore format: one line
		assert.match(view, /Deleted user/);
	});
};
