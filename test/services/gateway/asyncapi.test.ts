import assert from "node:assert/strict";
import { Parser } from "@asyncapi/parser";
import { eventTypes } from "../../../contracts/events.ts";
import { clientMessagesOf, namespaces, serverMessagesOf } from "../../../contracts/sockets.ts";
import { asyncApi } from "../../../services/gateway/asyncapi.ts";
import { at, type Json } from "../../support/announced.ts";
import { GatewayNodes } from "../../support/gateway-node.ts";
import { shop, shopRoutes } from "../../support/shop.ts";

const info = { title: "Souk", version: "1.0.0", description: "The realtime back end of a marketplace." };
const options = { info, publicUrl: "https://souk.example", prefix: "bazaar" };
const document = asyncApi(options) as Json;

/** Errors and warnings of the official parser; that there is a newer version of AsyncAPI is only a hint to it. */
const complaints = async (candidate: Json): Promise<string[]> => {
	const { diagnostics } = await new Parser().parse(JSON.stringify(candidate));
	return diagnostics.filter(({ severity }) => severity < 2).map(({ path, message }) => `${path.join("/")}: ${message}`);
};

const refsIn = (value: Json): string[] => {
	if (value === null || typeof value !== "object") return [];
	const self = typeof value.$ref === "string" ? [value.$ref] : [];
	return [...self, ...Object.values(value).flatMap(refsIn)];
};

const channelAt = (address: string): Json => {
	const found = Object.values<Json>(document.channels).filter((channel) => channel.address === address);
	assert.equal(found.length, 1, address);
	return found[0];
};

const operationsOn = (address: string, action: string): Json[] =>
	Object.values<Json>(document.operations).filter(
		(operation) => operation.action === action && at(document, operation.channel.$ref) === channelAt(address),
	);

/** The message that a reference of an operation leads to, through its channel. */
const messageOf = (ref: Json): Json => at(document, at(document, ref.$ref).$ref);

describe("the AsyncAPI document", function () {
	this.timeout(30_000); // the parser takes its time to load

	it("is version 3.0, and the official parser finds nothing wrong with it", async () => {
		assert.equal(document.asyncapi, "3.0.0");
		assert.deepEqual(await complaints(document), []);
	});

	const faults: [what: string, spoil: (spoilt: Json) => void, where: RegExp][] = [
		["an action that there is not", (spoilt) => (spoilt.operations.chat_post.action = "say"), /operations\/chat_post/],
		["a reference to nothing", (spoilt) => (spoilt.operations.chat_post.channel.$ref = "#/channels/none"), /none|chat_post/],
	];

	for (const [what, spoil, where] of faults) {
		it(`would be told by the parser of ${what}`, async () => {
			const spoilt = structuredClone(document);
			spoil(spoilt);
			assert.match((await complaints(spoilt)).join("\n"), where);
		});
	}

	it("refers to nothing that is not there, and keeps no $id inside", () => {
		for (const ref of refsIn(document)) assert.ok(at(document, ref), ref);
		assert.doesNotMatch(JSON.stringify(document), /"\$id"/);
		for (const name of [
			"ChatEntries",
			"MessagePostedEntry",
			"ErasedEntry",
			"Ready",
			"Notification",
			"OrderFacts",
			"Money",
			"Refused",
		])
			assert.ok(document.components.schemas[name], name);
	});

	for (const namespace of namespaces) {
		it(`sends on ${namespace} what the table says, and nothing else`, () => {
			const sent = operationsOn(namespace, "send").map(({ messages }) => messageOf(messages[0]).name);
			assert.deepEqual(
				sent.sort(),
				serverMessagesOf(namespace)
					.map(([name]) => name)
					.sort(),
			);
		});

		it(`takes on ${namespace} what the table says, and answers with acks where it has some`, () => {
			const taken = operationsOn(namespace, "receive").map((operation) => {
				const name: string = messageOf(operation.messages[0]).name;
				return `${name} ${operation.reply ? operation.reply.messages.map((ref: Json) => messageOf(ref).name) : ""}`.trim();
			});
			const expected = clientMessagesOf(namespace).map(([name, { ack }]) => (ack[namespace] ? `${name} ${name}Ack` : name));
			assert.deepEqual(taken.sort(), [...expected, "connect ready,connect_error"].sort());
		});

		it(`says of ${namespace} how to connect`, () => {
			const { bindings, servers } = channelAt(namespace);
			assert.deepEqual(bindings.ws.query.required, ["stream_id"]);
			const { host, protocol, pathname, security } = at(document, servers[0].$ref);
			assert.deepEqual([host, protocol, pathname], ["souk.example", "wss", "/socket.io"]);
			assert.ok(at(document, security[0].$ref));
		});
	}

	it("has a channel for each type of event, under the prefix of the installation", () => {
		for (const type of eventTypes) {
			const [operation] = operationsOn(`bazaar.events.${type}`, "send");
			const { payload } = messageOf(operation.messages[0]);
			assert.equal(payload.properties.type.const, type);
			assert.equal(payload.properties.specversion.const, "1.0");
			assert.ok(payload.properties.data);
		}
		const written = Object.values<Json>(document.channels).filter(({ address }) => address.startsWith("bazaar.events."));
		assert.equal(written.length, eventTypes.length);
	});

	it("has the documents that come in, the dead letters and the changes", () => {
		assert.equal(operationsOn("bazaar.intake.orders", "receive").length, 1);
		assert.equal(operationsOn("bazaar.dead.{group}", "send").length, 1);
		assert.equal(operationsOn("bazaar.cdc.{collection}", "send").length, 1);
		assert.ok(channelAt("bazaar.dead.{group}").parameters.group);
		assert.ok(channelAt("bazaar.cdc.{collection}").parameters.collection);
		const [changes] = operationsOn("bazaar.cdc.{collection}", "send");
		const { headers, payload } = messageOf(changes.messages[0]);
		assert.deepEqual(Object.keys(headers.properties), ["Nats-Msg-Id", "Souk-Document", "Souk-Origin", "Souk-Omitted"]);
		assert.deepEqual(Object.keys(at(document, payload.$ref).properties), ["before", "after", "op", "ts_ms"]);
	});

	it("speaks of plain WebSocket where the installation has no TLS, and keeps its port", () => {
		const { servers } = asyncApi({ ...options, publicUrl: "http://localhost:7000" }) as Json;
		assert.deepEqual([servers.sockets.host, servers.sockets.protocol], ["localhost:7000", "ws"]);
	});
});

describe("the AsyncAPI document of a running gateway", () => {
	const nodes = new GatewayNodes();
	after(nodes.stopAll);

	it("is there for everybody, and links lead to it", async () => {
		const profile = { publicUrl: "https://souk.example", keyPrefix: "bazaar" };
		const { api } = await nodes.start({ routes: shopRoutes, services: [shop().schema], profile });
		const { status, body, headers } = await api.get("/asyncapi.json");
		assert.equal(status, 200);
		assert.match(headers.get("content-type") ?? "", /^application\/json/);
		const expected = asyncApi({ ...options, info: body.info });
		assert.deepEqual(body, JSON.parse(JSON.stringify(expected)));
		for (const page of ["/", "/docs"]) assert.match((await api.get(page)).text, /href="\/asyncapi\.json"/, page);
	});
});
