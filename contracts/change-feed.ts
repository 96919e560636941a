import Type from "typebox";

const Document = Type.Union([Type.Object({}), Type.Null()]);

/**
 * One change of a document in the database, on `<prefix>.cdc.<collection>`; a cluster with MongoDB only. At least once, in the order of its
 * document. What is told beside it is in the headers of its message.
 */
export const ChangeRecord = Type.Object(
	{
		before: {
			...Document,
			description:
				"The document as it was; null where it was made, and where MongoDB does not keep what was (pre-images are off, or gone by now)",
		},
		after: {
			...Document,
			description:
				"The document as it is, without the fields that stay in the database: at this change or a later one. Null where it was removed, or is by now",
		},
		op: Type.Enum(["c", "u", "d"], { description: "Created, updated or deleted; what a sweep found is `u`" }),
		ts_ms: Type.Integer({ minimum: 0, description: "When, in ms since 1970: by the database's clock, of a sweep by ours" }),
	},
	{ $id: "ChangeRecord" },
);

export const changeOrigins = { stream: "stream", sweep: "sweep" } as const;
export type ChangeOrigin = (typeof changeOrigins)[keyof typeof changeOrigins];

/** Names of the headers of its message. */
export const changeHeaders = {
	id: "Nats-Msg-Id",
	document: "Souk-Document",
	origin: "Souk-Origin",
	omitted: "Souk-Omitted",
} as const;

export const ChangeHeaders = Type.Object({
	[changeHeaders.id]: Type.String({
		description: "Of the change: whoever takes changes in remembers it, and takes one that comes again for a repeat",
	}),
	[changeHeaders.document]: Type.String({ description: "The document's `_id`, percent-encoded (RFC 3986)" }),
	[changeHeaders.origin]: Type.Enum(["stream", "sweep"], {
		description: "`sweep`: no change was seen, the document was read as it is, because changes could have been missed",
	}),
	[changeHeaders.omitted]: Type.Optional(
		Type.Literal("too-large", { description: "`before` and `after` are null because the bus takes no message of that size" }),
	),
});
