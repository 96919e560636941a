import assert from "node:assert/strict";
import { type BrokerOptions, Errors, type ServiceBroker } from "moleculer";
import type { Socket } from "socket.io-client";
import { nodePlacement } from "../../../mixins/placement/node-placement.ts";
import { Brokers } from "../../support/brokers.ts";
import { clientOf, type Here, hereOf, streamOf } from "../../support/door-world.ts";
import { needs, type RunningServer, startNats } from "../../support/servers.ts";
import { doorPort, placementOf, placementOptions, socketProfile, socketService } from "../../support/socket-service.ts";
import { until } from "../../support/until.ts";

describe("Placement on nodes that see each other over NATS", () => {
	const brokers = new Brokers();
	const failing = new Set<string>();
	const clients: Socket[] = [];
	let nats: RunningServer | undefined;
	let options: BrokerOptions;
	let one: ServiceBroker;
	let two: ServiceBroker;
	let caller: ServiceBroker;

	const chat = () =>
		socketService(socketProfile(nats?.url ?? ""), {
			fails: (node) => (failing.has(node) ? new Errors.MoleculerRetryableError("not now", 500, "NOT_NOW") : null),
		});
	const start = (nodeID: string, ...services: ReturnType<typeof chat>[]): Promise<ServiceBroker> =>
		brokers.start({ ...options, nodeID }, ...services);
	const members = (broker: ServiceBroker): readonly string[] => placementOf(broker).members("chat");
	const untilMembers = async (count: number, ...those: ServiceBroker[]): Promise<void> => {
		await until(
			`${count} members`,
			async () => those.map((broker) => (placementOf(broker).settled ? members(broker).length : -1)),
			(counts) => counts.every((seen) => seen === count),
		);
	};
	const join = async (broker: ServiceBroker, stream: string): Promise<Here> => {
		const client = clientOf(doorPort(broker), stream, "websocket");
		clients.push(client);
		return hereOf(client);
	};

	before(async function () {
		this.timeout(90_000);
		needs(this, "nats");
		nats = await startNats();
		options = {
			...placementOptions,
			namespace: `placement-${process.pid}`,
			transporter: { type: "NATS", options: { url: nats.url } },
		};
	});
	beforeEach(async () => {
		failing.clear();
		[one, two, caller] = await Promise.all([start("one", chat()), start("two", chat()), start("caller")]);
		await untilMembers(2, one, two, caller);
	});
	afterEach(async () => {
		for (const client of clients.splice(0)) client.disconnect();
		await brokers.stopAll();
	});
	after(() => nats?.stop());

	it("all name the same owner, by the addresses that the nodes publish", async () => {
		assert.deepEqual(members(one), [`127.0.0.1:${doorPort(one)}`, `127.0.0.1:${doorPort(two)}`].sort());
		for (const broker of [two, caller]) assert.deepEqual(members(broker), members(one));
		for (const [broker, stream] of [
			[one, streamOf(placementOf(caller), "one")],
			[two, streamOf(placementOf(caller), "two")],
		] as const) {
			assert.equal(placementOf(broker).whose(stream), "own");
			assert.equal(placementOf(broker === one ? two : one).whose(stream), "other");
		}
	});

	it("take a socket to its owner from either door", async () => {
		for (const owner of ["one", "two"]) {
			const stream = streamOf(placementOf(caller), owner);
			for (const entrance of [one, two]) {
				const { node, hops } = await join(entrance, stream);
				assert.deepEqual([node, hops], [owner, entrance.nodeID === owner ? 0 : 1]);
			}
		}
	});

	it("a newcomer says when its port takes sockets, and the first one after that is let in", async () => {
		const three = await start("three", chat());
		const knock = async (): Promise<number> =>
			(await fetch(`http://127.0.0.1:${doorPort(three)}/socket.io/?EIO=4&transport=polling&stream_id=x`)).status;
		assert.equal(await knock(), 503);
		await nodePlacement(three).untilOpen();
		assert.equal(await knock(), 200);
		// Nobody comes to a node without a port of its own.
		await nodePlacement(await start("four")).untilOpen();
	});

	it("give a newcomer its share once it has settled, and tell all of them", async () => {
		let told = 0;
		const end = placementOf(one).onChange(() => {
			told += 1;
		});
		const three = await start("three", chat());
		assert.equal(placementOf(three).whose("x"), "unknown");
		await untilMembers(3, one, two, three, caller);
		assert.equal(told, 1);
		end();
		assert.equal(await caller.call("chat.where", { conversation: streamOf(placementOf(one), "three") }), "three");
	});

	it("take a node off the ring as soon as it begins to stop, and hand its sockets over before it ends", async () => {
		const stream = streamOf(placementOf(caller), "two");
		const client = clientOf(doorPort(one), stream, "websocket");
		clients.push(client);
		await hereOf(client);
		const moved = new Promise((resolve) => client.once("moved", resolve));
		const stopping = two.stop();
		await moved;
		assert.equal(placementOf(two).whose(stream), "other");
		await until("one to own it", async () => placementOf(one).owns(stream), Boolean);
		assert.equal((await join(one, stream)).node, "one");
		await stopping;
		assert.equal(await caller.call("chat.where", { conversation: stream }), "one");
	});

	it("send calls on a stream to its owner, nested ones too, whatever is local", async () => {
		for (const owner of ["one", "two"]) {
			const conversation = streamOf(placementOf(caller), owner);
			for (const broker of [one, two, caller]) {
				assert.equal(await broker.call("chat.where", { conversation }), owner);
				assert.equal(await broker.call("chat.nested", { conversation }), owner);
			}
		}
		assert.equal(await one.call("chat.anywhere"), "one");
	});

	it("leave alone what names its node, has no stream, or stays in its service", async () => {
		const conversation = streamOf(placementOf(caller), "two");
		assert.equal(await caller.call("chat.where", { conversation }, { nodeID: "one" }), "one");
		assert.equal(await one.call("chat.where", { conversation: 7 }), "one");
		assert.equal(await one.call("chat.itself", { conversation }), "one");
	});

	it("find the caller's inbox by the user of the call, and of the call it was made in", async () => {
		// No node of this suite is on the ring of notification: Moleculer's own choice.
		assert.equal(await one.call("chat.inbox", {}, { meta: { user: { id: "u1" } } }), "one");
		const inbox = socketService(socketProfile(nats?.url ?? ""), { ring: "notification" });
		await start("three", inbox);
		await until(
			"three to be seen",
			async () => placementOf(one).members("notification").length,
			(count) => count === 1,
		);
		assert.equal(await one.call("notification.inbox", {}, { meta: { user: { id: "u1" } } }), "three");
	});

	it("place a retry anew: on another node when the owner has left meanwhile", async () => {
		const conversation = streamOf(placementOf(caller), "two");
		failing.add("two");
		const owner = placementOf(caller).target(conversation);
		const call = caller.call("chat.where", { conversation });
		const peers = [one].map((broker) => placementOf(broker).target(streamOf(placementOf(broker), "one")));
		placementOf(caller).setPeers(peers.flatMap((peer) => (peer ? [peer] : [])));
		assert.equal(owner?.id, "two");
		assert.equal(await call, "one");
	});

	it("call the next node when the owner's circuit is open", async () => {
		const conversation = streamOf(placementOf(caller), "two");
		failing.add("two");
		const breaker = {
			enabled: true,
			threshold: 0.5,
			windowTime: 60,
			minRequestCount: 2,
			halfOpenTime: 60_000,
			check: () => true,
		};
		const careful = await brokers.start({ ...options, nodeID: "careful", circuitBreaker: breaker });
		await untilMembers(2, careful);
		const seen = await until(
			"the circuit to open",
			() => careful.call("chat.where", { conversation }).catch((error: Error) => error.message),
			(answer) => answer === "one",
		);
		assert.equal(seen, "one");
		assert.equal(placementOf(careful).target(conversation)?.id, "two");
	});

	it("call the next node when the owner does not offer the action any more, though it is still on the ring", async () => {
		const conversation = streamOf(placementOf(caller), "two");
		const before = ["one", "two"].flatMap((id) => placementOf(caller).target(streamOf(placementOf(caller), id)) ?? []);
		await two.destroyService("chat");
		await until(
			"its end to be seen",
			async () => members(caller).length,
			(count) => count === 1,
		);
		placementOf(caller).setPeers(before);
		assert.equal(placementOf(caller).target(conversation)?.id, "two");
		assert.equal(await caller.call("chat.where", { conversation }), "one");
	});
});
