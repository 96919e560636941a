/** What the table of moleculer-web holds, as far as it is needed to find something in it. */
export interface Mounted {
	method: string;
	/** `/v1/orders/:id` */
	fullPath: string;
}

export interface Found<Alias> {
	alias: Alias;
	params: Record<string, string>;
}

interface Pattern<Alias extends Mounted> {
	alias: Alias;
	/** As in the path; names of parameters with their colon. */
	segments: readonly string[];
}

const parameter = ":";
/** Segments that mean what they say, and parameters that take one whole segment; anything else is moleculer-web's to match. */
const isPlain = (segments: readonly string[]): boolean => segments.every((segment) => /^:?[\w.-]*$/.test(segment));

const fits = (pattern: readonly string[], segments: readonly string[]): boolean =>
	pattern.every((segment, n) => (segment.startsWith(parameter) ? segments[n] !== "" : segment === segments[n]));

const paramsOf = (pattern: readonly string[], segments: readonly string[]): Record<string, string> => {
	const params: Record<string, string> = {};
	pattern.forEach((segment, n) => {
		if (segment.startsWith(parameter)) params[segment.slice(1)] = segments[n] ?? "";
	});
	return params;
};

/**
 * moleculer-web tries the expression of each alias in turn; this asks only those of the same method and length, in the same order.
 * Null says nothing yet: the path may be unknown, or one that takes an expression (encoded characters, slashes that are doubled).
 */
export const aliasFinder = <Alias extends Mounted>(
	aliases: readonly Alias[],
): ((method: string, path: string) => Found<Alias> | null) => {
	const patterns = aliases.map((alias): Pattern<Alias> => ({ alias, segments: alias.fullPath.split("/") }));
	const odd = patterns.find(({ segments }) => !isPlain(segments));
	if (odd) throw new Error(`The path ${odd.alias.fullPath} is made of more than names and parameters`);
	const byShape = Map.groupBy(patterns, ({ alias, segments }) => `${alias.method} ${segments.length}`);
	return (method, path) => {
		if (path.includes("%")) return null;
		const segments = path.split("/");
		const found = byShape.get(`${method} ${segments.length}`)?.find((pattern) => fits(pattern.segments, segments));
		return found ? { alias: found.alias, params: paramsOf(found.segments, segments) } : null;
	};
};
