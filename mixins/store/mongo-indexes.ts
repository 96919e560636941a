import { type Collection as MongoNative, MongoServerError } from "mongodb";
import type { IndexSpec } from "./port.ts";

interface ListedIndex {
	name?: string;
	key: object;
	unique?: boolean;
	sparse?: boolean;
}

const namespaceNotFound = 26;

const list = async <T extends { _id: string }>(native: MongoNative<T>): Promise<ListedIndex[]> => {
	try {
		return await native.listIndexes().toArray();
	} catch (error) {
		// A collection comes into being with its first document or index.
		if (error instanceof MongoServerError && error.code === namespaceNotFound) return [];
		throw error;
	}
};

const agrees = (spec: IndexSpec, listed: ListedIndex): boolean =>
	JSON.stringify(Object.entries(listed.key).map(([path, direction]) => [path, Number(direction)])) ===
		JSON.stringify(spec.fields) &&
	Boolean(listed.unique) === Boolean(spec.unique) &&
	Boolean(listed.sparse) === Boolean(spec.sparse);

/** Which indexes of the spec are not there as specified, and the names of those that are. */
export const indexState = async <T extends { _id: string }>(
	native: MongoNative<T>,
	specs: readonly IndexSpec[],
): Promise<{ missing: IndexSpec[]; present: string[] }> => {
	const listed = new Map((await list(native)).map((index) => [index.name, index]));
	const present = specs.filter((spec) => {
		const index = listed.get(spec.name);
		return index !== undefined && agrees(spec, index);
	});
	return { missing: specs.filter((spec) => !present.includes(spec)), present: present.map(({ name }) => name) };
};
