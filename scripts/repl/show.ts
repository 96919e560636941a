import { redactText } from "../../config/redact.ts";
import { type Command, optionsOf, type Row, type Shown } from "./command.ts";

// How answers look on a terminal. What others wrote (names of agents, errors of servers) is shown without what would move its cursor.

const widest = 60;

const textOf = (value: unknown): string => {
	if (value === undefined || value === null || value === "") return "-";
	if (Array.isArray(value)) return value.length === 0 ? "-" : value.map(textOf).join(" ");
	return typeof value === "object" ? JSON.stringify(value) : String(value);
};

const cell = (value: unknown): string => {
	const text = redactText(textOf(value)).replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, "·");
	// Names are to be copied: they are never cut.
	return text.length > widest && /[\s{]/.test(text) ? `${text.slice(0, widest - 1)}…` : text;
};

const lined = (table: readonly (readonly string[])[]): string => {
	const widths = (table[0] ?? []).map((_, column) => Math.max(...table.map((row) => row[column]?.length ?? 0)));
	return table.map((row) => row.map((text, column) => text.padEnd(widths[column] ?? 0)).join("  ").trimEnd()).join("\n"); // biome-ignore format: one line
};

const tableOf = (rows: readonly Row[]): string => {
	if (rows.length === 0) return "(none)";
	const names = [...new Set(rows.flatMap((row) => Object.keys(row)))];
	return lined([names.map((name) => name.toUpperCase()), ...rows.map((row) => names.map((name) => cell(row[name])))]);
};

const isList = (rows: Shown["rows"]): rows is readonly Row[] => Array.isArray(rows);

export const shownAsText = ({ rows, note }: Shown): string => {
	const table = isList(rows) ? tableOf(rows) : lined(Object.entries(rows).map(([name, value]) => [name, cell(value)]));
	return note ? `${table}\n${note}` : table;
};

export const usageOf = ({ name, words }: Command): string => ["souk", name, ...words.map((word) => `<${word}>`.replace("<[", "[<").replace("]>", ">]"))].join(" "); // biome-ignore format: one line

export const helpOf = (command: Command): string => {
	const options = Object.entries(optionsOf(command)).map(([name, { type, help }]) => [
		`  --${name}${type === "string" ? ` <${name}>` : ""}`,
		help,
	]);
	const { summary, details } = command;
	return `${usageOf(command)} [options]\n\n${summary}.${details ? ` ${details}` : ""}\n\n${lined(options)}`;
};

export const helpOfAll = (commands: readonly Command[]): string =>
	`Operators' commands; \`souk <command> --help\` has more of each. Every change is in the audit log.\n\n${lined(
		commands.map((command) => [`  ${usageOf(command)}`, command.summary]),
	)}`;
