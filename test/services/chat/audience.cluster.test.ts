import assert from "node:assert/strict";
import type { BrokerOptions, Context } from "moleculer";
import { Brokers } from "../../support/brokers.ts";
import { type ChatNode, startChatNode } from "../../support/chat-node.ts";
import { needs, type RunningServer, startNats } from "../../support/servers.ts";
import { removeDir, tempDir } from "../../support/temp-dir.ts";
import { until } from "../../support/until.ts";

describe("chat: who follows a conversation on another node, while it moves", () => {
	const brokers = new Brokers();
	let nats: RunningServer | undefined;
	let dataDir: string;
	let node: ChatNode;
	let streamId = "";
	/** What the other node says, and what it was asked. */
	let elsewhere: () => Promise<string[]>;
	const asked: string[][] = [];

	before(async function () {
		this.timeout(90_000);
		needs(this, "nats");
		nats = await startNats();
		dataDir = await tempDir("audience");
		const transporter = { type: "NATS", options: { url: nats.url } } as const;
		const options: BrokerOptions = { namespace: `audience-${process.pid}`, transporter };
		const following = ({ params }: Context<{ userIds: string[] }>): Promise<string[]> => {
			asked.push(params.userIds);
			return elsewhere();
		};
		await brokers.start({ ...options, nodeID: "other" }, { name: "chat", actions: { following } });
		node = await startChatNode({ kind: "embedded", dataDir }, { ...options, nodeID: "owner" });
		const nodes = () => (node.broker.registry.actions.get("chat.following") as unknown as { endpoints: object[] }).endpoints;
		await until("the two to know each other", async () => nodes().length, (count) => count === 2); // biome-ignore format: one line
		({ streamId } = await node.open("ann", "bob", "cid"));
	});
	beforeEach(() => {
		asked.length = 0;
		elsewhere = async () => [];
	});
	after(async () => {
		await node?.stop();
		await brokers.stopAll();
		await nats?.stop();
		if (dataDir) await removeDir(dataDir);
	});

	const audience = async (): Promise<string[]> => {
		const params = { streamId, senderId: "ann", seq: 1, userIds: ["bob", "cid"] };
		const { userIds } = await node.broker.call<{ userIds: string[] }, object>("chat.audience", params, { nodeID: "owner" });
		return userIds;
	};

	it("is not told of a message elsewhere", async () => {
		elsewhere = async () => ["bob"];
		assert.deepEqual([await audience(), asked], [["cid"], [["bob", "cid"]]]);
	});

	it("is told where that node fails, or says nothing", async () => {
		elsewhere = () => Promise.reject(new Error("it broke"));
		assert.deepEqual(await audience(), ["bob", "cid"]);
		elsewhere = () => new Promise(() => undefined);
		assert.deepEqual(await audience(), ["bob", "cid"]);
	});

	it("is not asked about where nobody is left to be told", async () => {
		for (const name of ["bob", "cid"]) await node.call("mute", { streamId }, name);
		assert.deepEqual([await audience(), asked], [[], []]);
	});
});
