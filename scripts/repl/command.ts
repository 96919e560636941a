import type { ParseArgsConfig } from "node:util";
import type { Operator } from "./operator.ts";

// What a command of operators is. `souk <name> <words…> --options` at the prompt of a node.

export type Row = Readonly<Record<string, unknown>>;

/** What is shown. As JSON it is `data` alone. */
export interface Shown {
	readonly data: unknown;
	/** A table of these, or the members of one. */
	readonly rows: readonly Row[] | Row;
	/** Below it. */
	readonly note?: string;
}

export interface Given {
	readonly words: readonly string[];
	readonly values: Readonly<Record<string, string | boolean | undefined>>;
}

export interface Command {
	readonly name: string;
	/** What its words are called; all of them are needed, but those in brackets. */
	readonly words: readonly string[];
	readonly summary: string;
	readonly details?: string;
	/** With what `--help` says of each. */
	readonly options?: Readonly<Record<string, { type: "string" | "boolean"; help: string }>>;
	/** Asked of whoever sits at a terminal: there is no way back, or somebody is in for it. */
	readonly asks?: (given: Given) => string;
	run(operator: Operator, given: Given): Promise<Shown>;
}

export const common = {
	json: { type: "boolean", help: "One line of JSON, for programs" },
	yes: { type: "boolean", help: "Do not ask" },
	help: { type: "boolean", help: "What it does and takes" },
} as const;

/** Of every list. */
export const paging = {
	limit: { type: "string", help: "How many, 1 to 100; 20 without it" },
	cursor: { type: "string", help: "Where the page before ended" },
} as const;

export const optionsOf = ({ options = {}, asks }: Command): NonNullable<Command["options"]> => {
	const { yes, ...always } = common;
	return { ...options, ...(asks && { yes }), ...always };
};

export const parseOptions = (command: Command): NonNullable<ParseArgsConfig["options"]> =>
	Object.fromEntries(
		Object.entries(optionsOf(command)).map(([name, { type }]) => [name, { type, ...(name === "help" && { short: "h" }) }]),
	);
