import type { Backend } from "../../mixins/store/backend.ts";

/** Where the documents of a backup go. Nothing is touched before `begin`. */
export interface Target {
	/** Documents that would be gone. */
	countPresent(): Promise<number>;
	/** Throws a `Refusal` if a process works on it. */
	refuseIfInUse(): Promise<void>;
	/** Empties it, or makes a place beside it. */
	begin(): Promise<Backend>;
	/** All is written: from now on it counts. */
	finish(): Promise<void>;
	close(): Promise<void>;
}
