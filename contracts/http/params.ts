import Type, { type TObject, type TSchema } from "typebox";
import type { Route } from "./route.ts";

const membersOf = (schema: TSchema | undefined): TObject["properties"] =>
	schema && "properties" in schema ? (schema as TObject).properties : {};

/**
 * What the action of a route takes: the members of path, query and body in one object, path over query over body. So an action
 * is held to the same schema whoever calls it. Throws, when the module is loaded, for an action that no route names.
 */
export const paramsOf = (routes: readonly Route[], action: string): TObject => {
	const route = routes.find((candidate) => candidate.action === action);
	if (!route) throw new Error(`no route leads to ${action}`);
	return Type.Object({ ...membersOf(route.body), ...membersOf(route.query), ...membersOf(route.params) });
};
