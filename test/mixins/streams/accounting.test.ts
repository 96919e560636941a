import assert from "node:assert/strict";
import { once } from "node:events";
import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import type { VerifiedCaller } from "../../../mixins/access-token/claims.ts";
import { bothStores } from "../../support/both-stores.ts";
import { type ChatNode, startChatNode } from "../../support/chat-node.ts";
import { LiveSockets, type Transport } from "../../support/live-socket.ts";
import { closeRaw, RawSocket } from "../../support/raw-socket.ts";
import { until } from "../../support/until.ts";

bothStores("What a node counts of its sockets", (profile) => {
	let node: ChatNode;
	let url: string;
	let stream: string;
	const sockets = new LiveSockets(() => url);

	before(async () => {
		node = await startChatNode(profile());
		// Whoever says who they are is believed.
		Object.assign(node.service, {
			verifyAccessToken: async (token: string): Promise<VerifiedCaller> => ({ id: token, roles: ["buyer"], sessionId: token, expiresAt: Date.now() + 900_000 }), // biome-ignore format: one line
		});
		const { server } = node.service as unknown as { server: Server };
		server.listen(0, "127.0.0.1");
		await once(server, "listening");
		url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
		stream = (await node.open("ann", "bob", "cid")).streamId;
	});
	after(async () => {
		sockets.closeAll();
		await node?.stop();
	});

	const counts = async () => {
		const { sessions, gate, engine, io } = node.service;
		return [sessions.size, gate.users, engine.followers, io.engine.clientsCount as number, io.of("/chat").sockets.size];
	};
	const settled = (expected: number[]) => until("the counts", counts, (seen) => seen.join() === expected.join()); // biome-ignore format: one line

	it("returns to nothing, however connections end", async () => {
		const dial = (token: string, transports: Transport[] = ["websocket"]) => sockets.dial({ stream, token, transports });
		const all = [dial("ann"), dial("ann"), dial("bob", ["polling"]), dial("bob", ["polling", "websocket"]), dial("cid")];
		await Promise.all(all.map((socket) => socket.ready()));
		await settled([5, 3, 5, 5, 5]);
		const left = await new RawSocket(url, `stream_id=${stream}`).join("ann");
		const fresh = await new RawSocket(url, `stream_id=${stream}`).open();
		await settled([6, 3, 6, 7, 6]);
		left.say("41/chat,");
		await left.ended();
		fresh.say('40/chat,{"token":"eve"}');
		await fresh.hears("44/chat,");
		await settled([5, 3, 5, 6, 5]);
		all[0]?.socket.io.engine.close();
		all[1]?.close();
		await node.call("removeMember", { streamId: stream, userId: "cid" }, "ann");
		await all[4]?.ended();
		await settled([2, 1, 2, 3, 2]);
		await closeRaw([left, fresh]);
		for (const socket of all) socket.close();
		await settled([0, 0, 0, 0, 0]);
	});

	it("tells what was delivered: each entry once to each follower", async () => {
		const { metrics } = node.service.engine;
		const [before, frames] = [metrics.deliveries, metrics.frames];
		const both = await Promise.all(["ann", "bob"].map((token) => sockets.dial({ stream, token }).ready()));
		for (const text of ["one", "two", "three"]) await node.say(stream, "ann", text);
		await until("all entries", async () => both.map(({ entries }) => entries.filter(({ body }) => JSON.stringify(body).includes("text")).length), (seen) => seen.every((count) => count === 3)); // biome-ignore format: one line
		assert.equal(metrics.deliveries - before, 6);
		assert.equal(metrics.frames - frames, 3);
		sockets.closeAll();
		await settled([0, 0, 0, 0, 0]);
	});
});
