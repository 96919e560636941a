import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import type { TSchema } from "typebox";
import {
	type ClientMessage,
	type ClientMessageName,
	ConnectErrorData,
	clientMessages,
	connectErrors,
	HandshakeAuth,
	type Namespace,
	type ServerMessageName,
	serverMessages,
	socketLimits,
} from "../../contracts/sockets.ts";
import { textLimit } from "../../contracts/stream-entries.ts";
import { historyLimit, RefusedAck, tokenLimit } from "../../contracts/stream-requests.ts";
import { compileCheck } from "../../middlewares/field-errors.ts";

const page = await readFile(new URL("../../docs/protocol.md", import.meta.url), "utf8");
/** ```json <namespace?> <name> */
const examples = [...page.matchAll(/^```json (?:(\/\w+) )?(\w+)\n([\s\S]*?)^```$/gm)].map(
	([, namespace, name = "", text = ""]) => ({ namespace: namespace as Namespace | undefined, name, text }),
);

const common: Readonly<Record<string, TSchema>> = {
	connect: HandshakeAuth,
	connect_error: ConnectErrorData,
	refused: RefusedAck,
};

/** What a name means: what the server says of that name, what the client says, or `<name>Ack`. */
const schemaOf = (namespace: Namespace, name: string): TSchema | null | undefined => {
	const told = (serverMessages as Record<string, { payload: Partial<Record<Namespace, TSchema>> }>)[name];
	if (told) return told.payload[namespace];
	const asked: ClientMessage | undefined = clientMessages[name.replace(/Ack$/, "") as ClientMessageName];
	return name.endsWith("Ack") ? asked?.ack[namespace] : asked?.payload;
};

describe("docs/protocol.md", () => {
	for (const { namespace, name, text } of examples) {
		it(`has an example of ${name}${namespace ? ` on ${namespace}` : ""} that is one`, () => {
			const schema = namespace ? schemaOf(namespace, name) : common[name];
			assert.ok(schema, name);
			assert.deepEqual(compileCheck(schema)(JSON.parse(text)), null);
		});
	}

	it("shows every message, but for those without anything in them", () => {
		const shown = new Set(examples.map(({ name }) => name));
		const names = [...Object.keys(serverMessages), ...Object.keys(clientMessages)] as (ServerMessageName | ClientMessageName)[];
		const missing = names.filter((name) => !shown.has(name));
		assert.deepEqual(missing, ["moved", "delivered"]);
		for (const name of names) assert.match(page, new RegExp(`^#.*\\b${name}\\b`, "m"), name);
	});

	it("names every refusal of a connection", () => {
		for (const code of connectErrors) assert.match(page, new RegExp(`^\\|.*\`${code}\``, "m"), code);
	});

	it("names the limits as they are", () => {
		const section = page.slice(page.indexOf("## Limits"));
		const seconds = (ms: number) => `${ms / 1_000} s`;
		for (const limit of [
			`${socketLimits.messageBytes / 1_024} KiB`,
			`${textLimit.toLocaleString("en")} code points`,
			`${tokenLimit.toLocaleString("en")} characters`,
			`\`history\` | ${historyLimit} entries`,
			`\`last\` | ${socketLimits.lastMost} entries`,
			`within ${seconds(socketLimits.join)}`,
			`every ${seconds(socketLimits.pingEvery)}; a client that is silent for ${seconds(socketLimits.pingEvery + socketLimits.silence)}`,
			`an expired token | ${seconds(socketLimits.tokenGrace)}`,
		])
			assert.ok(section.includes(limit), limit);
	});
});
