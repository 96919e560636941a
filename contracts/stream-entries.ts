import Type, { type Static, type TSchema } from "typebox";
import { Time } from "./http/common.ts";
import { NotificationBody } from "./notifications.ts";

// The entries of streams as they cross a socket: realtime/entry.ts with the bodies of each kind of stream.

/** Characters (code points) of a message. */
export const textLimit = 16_000;

/** Of streams, and of entries: the latter are their poster's own. */
export const streamIdPattern = "^[A-Za-z0-9._:-]{1,64}$";
export const StreamId = Type.String({ pattern: streamIdPattern });
export const EntryId = Type.String({ pattern: streamIdPattern, description: "Chosen by who posted it, unique among their own" });

/** From 1. */
export const EntrySeq = Type.Integer({ minimum: 1, maximum: Number.MAX_SAFE_INTEGER });

/** Half a surrogate pair is no character: UTF-8 cannot keep it to the letter. */
export const wellFormed = "^[^\\uD800-\\uDFFF]*$";
export const Text = Type.String({
	minLength: 1,
	maxLength: textLimit,
	pattern: wellFormed,
	description: "Kept to the letter, white space too; lengths are in code points",
});

/** By type; what each type of a conversation's entries carries. */
export const chatBodies = {
	"message.posted": Type.Object({ text: Text }),
	"message.edited": Type.Object(
		{ target: EntryId, text: Text },
		{ description: "`target`: the id of a message of the same poster" },
	),
	"message.deleted": Type.Object({ target: EntryId }),
	"member.joined": Type.Object({ userId: Type.String(), by: Type.String() }),
	"member.left": Type.Object({ userId: Type.String(), by: Type.String() }),
} as const;

export const inboxBodies = { "notification.created": NotificationBody } as const;

export type EntryBodies = { [T in keyof typeof chatBodies]: Static<(typeof chatBodies)[T]> } & {
	[T in keyof typeof inboxBodies]: Static<(typeof inboxBodies)[T]>;
};
export type EntryType = keyof EntryBodies;

const named = (type: string): string =>
	type
		.split(".")
		.map((part) => part.charAt(0).toUpperCase() + part.slice(1))
		.join("");

const entryOf = (type: string, body: TSchema): TSchema =>
	Type.Object(
		{
			stream: StreamId,
			seq: EntrySeq,
			id: EntryId,
			type: Type.Literal(type),
			from: Type.String({ description: "The id of the user who posted it" }),
			body,
			at: Time,
		},
		{ $id: `${named(type)}Entry` },
	);

const types = [...Object.keys(chatBodies), ...Object.keys(inboxBodies)];

/** An erased account, or retention: the seq stays, the body is gone. */
const ErasedEntry = Type.Object(
	{
		stream: StreamId,
		seq: EntrySeq,
		id: EntryId,
		type: Type.Enum(types),
		from: Type.String(),
		body: Type.Null(),
		at: Time,
		erased: Type.Literal(true),
	},
	{ $id: "ErasedEntry" },
);

const anyOf = (bodies: Readonly<Record<string, TSchema>>, $id: string): TSchema =>
	Type.Union([...Object.entries(bodies).map(([type, body]) => entryOf(type, body)), ErasedEntry], { $id });

export const ChatEntry = anyOf(chatBodies, "ChatEntry");
export const InboxEntry = anyOf(inboxBodies, "InboxEntry");
