// Schemas in documents: each that has a name is written once and referred to.

export type Json = Record<string, unknown>;
/** By name. */
export type Components = Map<string, Json>;

const isPlain = (value: unknown): value is Json => value !== null && typeof value === "object" && !Array.isArray(value);

/** A copy in which every schema with an $id is a reference to a component of that name. */
export const refer = (value: unknown, components: Components): unknown => {
	if (Array.isArray(value)) return value.map((part) => refer(part, components));
	if (!isPlain(value)) return value;
	const { $id, ...members } = value;
	const copy = (): Json => Object.fromEntries(Object.entries(members).map(([name, part]) => [name, refer(part, components)]));
	if (typeof $id !== "string") return copy();
	if (!components.has($id)) {
		components.set($id, {}); // before its parts, or a schema that contains itself would never end
		components.set($id, copy());
	}
	return { $ref: `#/components/schemas/${$id}` };
};
