import Type, { type TSchema } from "typebox";
import type { ErrorCode } from "../../contracts/errors.ts";
import {
	type ClientMessage,
	ConnectErrorData,
	clientMessagesOf,
	commonRefusals,
	connectErrors,
	HandshakeAuth,
	HandshakeQuery,
	type Namespace,
	namespaces,
	type ServerMessage,
	serverMessagesOf,
} from "../../contracts/sockets.ts";
import { RefusedAck } from "../../contracts/stream-requests.ts";
import { channelRef, type Document, message, messageRef, own } from "./asyncapi-parts.ts";
import type { Json } from "./refer.ts";

// The namespaces of the AsyncAPI document, made of the table in contracts/sockets.ts. Acks are messages that a `reply` leads to.

const words: Readonly<Record<Namespace, string>> = {
	"/chat": "A conversation: one connection, one stream",
	"/notifications": "The inbox of a user: one connection, stream_id is `inbox-<user id>`",
};

const codes = (all: readonly ErrorCode[]): string => all.map((code) => `\`${code}\``).join(", ");

interface Place {
	document: Document;
	namespace: Namespace;
	/** The channel's name. */
	channel: string;
}

/** Registers a message of the channel and answers how operations refer to it. */
const say = ({ document, channel }: Place, name: string, payload: TSchema, about: Json): Json => {
	const key = `${channel}_${name}`;
	document.messages[key] = message(document, { name, payload, ...about });
	own(document.channels, channel).messages[name] = messageRef(key);
	return { $ref: `#/channels/${channel}/messages/${name}` };
};

const tell = (place: Place, name: string, { summary, payload, examples, droppable }: ServerMessage): void => {
	const { document, namespace, channel } = place;
	const about = {
		summary,
		...(droppable && { description: "May be dropped: a newer one replaces it" }),
		examples: examples[namespace]?.map((example) => ({ payload: example })),
	};
	const ref = say(place, name, payload[namespace] as TSchema, about); // asked for those of this namespace
	document.operations[`${channel}_${name}`] = { action: "send", channel: channelRef(channel), summary, messages: [ref] };
};

const replyOf = (place: Place, name: string, { ack, ackExamples, errors }: ClientMessage): Json => {
	const accepted = ack[place.namespace];
	if (!accepted) return {};
	const payload = Type.Union([accepted, RefusedAck]);
	const example = ackExamples[place.namespace];
	const refusals = codes([...commonRefusals, ...errors]);
	const ref = say(place, `${name}Ack`, payload, {
		summary: `What \`${name}\` is answered`,
		description: `socket.io's ack. Refused with one of ${refusals}.`,
		examples: [{ payload: example }],
	});
	return { reply: { channel: channelRef(place.channel), messages: [ref] } };
};

const hear = (place: Place, name: string, sent: ClientMessage): void => {
	const { document, channel } = place;
	const { summary, payload, example } = sent;
	// Both sides say `typing`; names of messages are the channel's.
	const key = Object.hasOwn(own(document.channels, channel).messages, name) ? `${name}Request` : name;
	const ref = say(place, key, payload, { name, summary, examples: [{ payload: example }] });
	document.operations[`${channel}_${key}`] = {
		action: "receive",
		channel: channelRef(channel),
		summary,
		messages: [ref],
		...replyOf(place, name, sent),
	};
};

const connecting = (place: Place): void => {
	const { document, channel } = place;
	const connect = say(place, "connect", HandshakeAuth, {
		summary: "socket.io's `auth`, when the client joins the namespace",
		examples: [{ payload: { token: "eyJhbGciOiJFZERTQSJ9.e30.c2ln", after: 41, lastId: "k3Vd9" } }],
	});
	const refused = say(place, "connect_error", ConnectErrorData, {
		summary: "`data` of the error that a refused client gets",
		description: `One of ${codes(connectErrors)}.`,
		examples: [{ payload: { code: "NOT_FOUND", title: "There is no such thing", retryable: false } }],
	});
	document.operations[`${channel}_connect`] = {
		action: "receive",
		channel: channelRef(channel),
		summary: "Join the namespace",
		messages: [connect],
		reply: {
			channel: channelRef(channel),
			messages: [{ $ref: `#/channels/${channel}/messages/ready` }, refused],
		},
	};
};

/** Adds both namespaces. */
export const addSockets = (document: Document): void => {
	for (const namespace of namespaces) {
		const channel = namespace.slice(1);
		const place: Place = { document, namespace, channel };
		document.channels[channel] = {
			address: namespace,
			title: `Namespace ${namespace}`,
			description: words[namespace],
			servers: [{ $ref: "#/servers/sockets" }],
			messages: {},
			bindings: { ws: { method: "GET", query: HandshakeQuery, bindingVersion: "0.1.0" } },
		};
		for (const [name, sent] of serverMessagesOf(namespace)) tell(place, name, sent);
		for (const [name, sent] of clientMessagesOf(namespace)) hear(place, name, sent);
		connecting(place);
	}
};
