import type { TSchema } from "typebox";
import { ChangeHeaders, ChangeRecord } from "../../contracts/change-feed.ts";
import { eventTable } from "../../contracts/event-data.ts";
import { eventSchema, eventTypes } from "../../contracts/events.ts";
import { DeadLetter } from "../../contracts/http/operations.ts";
import { documentLimit, IntakeDocument } from "../../contracts/intake.ts";
import { channelRef, type Document, message, messageRef } from "./asyncapi-parts.ts";
import type { Json } from "./refer.ts";

// What goes over NATS in a cluster and is meant for other programs. Subjects begin with KEY_PREFIX.

interface Subject {
	name: string;
	address: string;
	/** Who does it is Souk. */
	action: "send" | "receive";
	summary: string;
	description?: string;
	payload: TSchema;
	headers?: TSchema;
	parameters?: Json;
}

const add = (
	document: Document,
	{ name, address, action, summary, description, payload, headers, parameters }: Subject,
): void => {
	document.messages[name] = message(document, { name, payload, headers, summary });
	document.channels[name] = {
		address,
		title: summary,
		...(description && { description }),
		servers: [{ $ref: "#/servers/bus" }],
		...(parameters && { parameters }),
		messages: { [name]: messageRef(name) },
	};
	document.operations[`${action}_${name}`] = {
		action,
		channel: channelRef(name),
		summary,
		messages: [{ $ref: `#/channels/${name}/messages/${name}` }],
	};
};

const nameOf = (type: string): string => type.replace(".", "_");

const eventSubjects = (prefix: string): Subject[] =>
	eventTypes.map((type) => ({
		name: nameOf(type),
		address: `${prefix}.events.${type}`,
		action: "send",
		summary: eventTable[type].summary,
		description: "CloudEvents 1.0 in JSON, at least once; `id` is the key for deduplication. In the order of their entity.",
		payload: eventSchema(type),
	}));

/** Adds the subjects of the cluster's bus. */
export const addBus = (document: Document, prefix: string): void => {
	for (const subject of eventSubjects(prefix)) add(document, subject);
	add(document, {
		name: "intake_orders",
		address: `${prefix}.intake.orders`,
		action: "receive",
		summary: "An order document of another system, to take in",
		description: `At most ${documentLimit / 1024} KiB. Any number of times: it is taken in once. What cannot be taken in becomes a dead letter of the group \`intake\`.`,
		payload: IntakeDocument,
	});
	add(document, {
		name: "dead_letters",
		address: `${prefix}.dead.{group}`,
		action: "send",
		summary: "An event or a document that failed all its tries",
		parameters: { group: { description: "The consumer group that could not work on it" } },
		payload: DeadLetter,
	});
	add(document, {
		name: "changes",
		address: `${prefix}.cdc.{collection}`,
		action: "send",
		summary: "A document of the database changed",
		description:
			"At least once, in the order of its document; the header `Nats-Msg-Id` is the key for deduplication. Where changes could have been missed, documents come as they are, with `Souk-Origin: sweep`; what was removed meanwhile does not. Where the service `cdc` runs.",
		parameters: { collection: { description: "Such as `orders`" } },
		payload: ChangeRecord,
		headers: ChangeHeaders,
	});
};
