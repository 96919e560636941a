import assert from "node:assert/strict";
import type { Context } from "moleculer";
import type { CallMeta } from "../../../../contracts/call.ts";
import { DomainError } from "../../../../contracts/errors.ts";
import { olderChatRoutes } from "../../../../contracts/http/older/chat.ts";
import { operationRoutes } from "../../../../contracts/http/operations.ts";
import { pairId } from "../../../../contracts/ids.ts";
import { type GatewayNode, GatewayNodes } from "../../../support/gateway-node.ts";

type Call<P> = Context<P, CallMeta>;

const at = "2026-01-01T00:00:00.000Z";

describe("Messages of older clients, passed on", () => {
	const nodes = new GatewayNodes();
	const stream = pairId("ann", "bob");
	let node: GatewayNode;
	let token = "";
	let opened = false;
	const entries = Array.from({ length: 1_200 }, (_, index) => ({
		...{ stream, seq: index + 1, id: `m${index + 1}`, type: "message.posted", from: "ann", at },
		body: { text: `${index + 1}` },
	}));
	let pages: number[] = [];
	const chat = {
		name: "chat",
		actions: {
			open({ meta }: Call<object>) {
				opened = true;
				meta.status = 200;
				meta.replayed = true;
				return {};
			},
			post({ params }: Call<{ id: string }>) {
				if (!opened) throw new DomainError("NOT_FOUND");
				return { seq: 1, id: params.id, at };
			},
			get: () => ({ streamId: stream, members: [{ id: "bob" }, { id: "ann" }] }),
			position: ({ params: { messageId } }: Call<{ messageId: string }>) => ({ seq: Number(messageId.slice(1)) }),
			messages({ params }: Call<{ after?: number; before?: number; limit: number }>) {
				const { after, before = entries.length + 1, limit } = params;
				pages.push(limit);
				const start = after ?? Math.max(0, before - 1 - limit);
				return { items: entries.slice(start, after === undefined ? before - 1 : start + limit) };
			},
		},
	};
	before(async () => {
		node = await nodes.start({ routes: [...olderChatRoutes, ...operationRoutes], services: [chat as never] });
		token = await node.token("ann");
	});
	beforeEach(() => {
		opened = false;
		pages = [];
	});
	after(nodes.stopAll);

	const read = async (query = ""): Promise<string[]> =>
		(await node.api.get(`/chat/messages?stream_id=${stream}${query}`, { token })).body.messages.map(
			({ message_id }: { message_id: string }) => message_id,
		);

	it("are new also where somebody else has just opened the conversation", async () => {
		const body = { message_id: "m1", content: "x", stream_id: stream, sender_id: "ann", receiver_id: "bob" };
		const headers = { "idempotency-key": "k" };
		const { status, headers: answered } = await node.api.post("/chat/messages", body, { token, headers });
		assert.deepEqual([opened, status, answered.get("idempotency-replayed")], [true, 201, null]);
	});

	it("are the newest 1,000 in order, in pages that fit into one message of the bus each", async () => {
		const ids = await read();
		assert.deepEqual([ids.length, ids[0], ids.at(-1)], [1_000, "m201", "m1200"]);
		assert.ok(pages.every((limit) => limit * 65_536 < 1_048_576));
	});

	it("are those that follow, from the oldest on, where the client says what it has", async () => {
		const ids = await read("&since=m100");
		assert.deepEqual([ids.length, ids[0], ids.at(-1)], [1_000, "m101", "m1100"]);
		assert.deepEqual((await read(`&since=${ids.at(-1)}`)).length, 100);
	});

	it("end with 1 MiB of text", async () => {
		for (const entry of entries) entry.body.text = "x".repeat(16_000);
		for (const [query, first, last] of [
			["", "m1126", "m1200"],
			["&since=m0", "m1", "m75"],
		]) {
			const ids = await read(query);
			assert.deepEqual([ids[0], ids.at(-1)], [first, last]);
		}
	});

	it("have both names of a pair", async () => {
		const { messages } = (await node.api.get(`/chat/messages?stream_id=${stream}&since=m1199`, { token })).body;
		assert.deepEqual([messages[0].sender_id, messages[0].receiver_id], ["ann", "bob"]);
	});
});
