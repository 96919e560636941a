import Type from "typebox";

/** One change of a document in the database, on `<prefix>.cdc.<collection>`; a cluster with MongoDB only. */
export const ChangeRecord = Type.Object(
	{
		before: Type.Union([Type.Object({}), Type.Null()], { description: "The document as it was; null where it was made" }),
		after: Type.Union([Type.Object({}), Type.Null()], { description: "The document as it is; null where it was removed" }),
		op: Type.Enum(["c", "u", "d"], { description: "Created, updated or deleted" }),
		ts_ms: Type.Integer({ minimum: 0, description: "When, in ms since 1970" }),
	},
	{ $id: "ChangeRecord" },
);
