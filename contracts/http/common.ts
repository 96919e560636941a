import Type, { type TSchema } from "typebox";

export const Id = Type.String({ minLength: 1, maxLength: 64, pattern: "^[A-Za-z0-9_-]+$" });
export const Time = Type.String({ format: "date-time", description: "ISO 8601, UTC" });
export const Version = Type.Integer({ minimum: 1, description: "Counts changes from 1; also the ETag" });
export const IdParams = Type.Object({ id: Id });

/** `?limit=&cursor=`, every list takes them. */
export const listQuery = {
	limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 100, default: 20 })),
	cursor: Type.Optional(Type.String({ minLength: 1, maxLength: 512, description: "nextCursor of the page before" })),
};

export const Page = <T extends TSchema>(item: T) =>
	Type.Object({
		items: Type.Array(item),
		nextCursor: Type.Union([Type.String(), Type.Null()], { description: "null at the end" }),
	});
