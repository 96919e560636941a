import type { BusPlace } from "./format.ts";

/** Where the documents of a backup come from. */
export interface Source {
	readonly store: "embedded" | "mongo";
	readonly bus: BusPlace | null;
	collections(): Promise<string[]>;
	/** Documents as relaxed Extended JSON, a line each. */
	lines(collection: string): AsyncIterable<string>;
	/** Of DATA_DIR, relative to it: what is not in the database and cannot be made again. */
	files(): Promise<string[]>;
	close(): Promise<void>;
}
