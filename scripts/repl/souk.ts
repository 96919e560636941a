import { parseArgs } from "node:util";
import { type Command, type Given, parseOptions } from "./command.ts";
import { clusterCommands } from "./commands/cluster.ts";
import { messageCommands } from "./commands/messages.ts";
import { peopleCommands } from "./commands/people.ts";
import type { Operator } from "./operator.ts";
import { Mistyped, saidOf } from "./refused.ts";
import { helpOf, helpOfAll, shownAsText, usageOf } from "./show.ts";

// `souk …` at the prompt: from the words that were typed to what is written below them.

export const commands: readonly Command[] = [...clusterCommands, ...messageCommands, ...peopleCommands];

export interface Terminal {
	write(text: string): void;
	/** Null: nobody is there to be asked. */
	readonly confirm: ((question: string) => Promise<boolean>) | null;
}

const commandOf = (name: string): Command => {
	const found = commands.find((command) => command.name === name);
	if (!found) throw new Mistyped(`There is no command ${name}; \`souk help\` shows all`);
	return found;
};

const givenTo = (command: Command, args: readonly string[]): Given => {
	const { values, positionals } = parseArgs({ args: [...args], options: parseOptions(command), allowPositionals: true });
	return { words: positionals, values: values as Given["values"] };
};

const demandWords = (command: Command, { words }: Given): void => {
	const needed = command.words.filter((name) => !name.startsWith("["));
	if (words.length < needed.length || words.length > command.words.length) throw new Mistyped(`Usage: ${usageOf(command)}`);
	if (words.includes("")) throw new Mistyped(`An empty word: ${usageOf(command)}`);
};

const isConfirmed = async (command: Command, given: Given, { confirm }: Terminal): Promise<boolean> => {
	if (!command.asks || given.values.yes || confirm === null) return true;
	return confirm(`${command.asks(given)} Go on? (yes/no) `);
};

const perform = async (operator: Operator, command: Command, args: readonly string[], terminal: Terminal): Promise<void> => {
	const given = givenTo(command, args);
	if (given.values.help) return terminal.write(helpOf(command));
	demandWords(command, given);
	if (!(await isConfirmed(command, given, terminal))) return terminal.write("Nothing was done.");
	const shown = await command.run(operator, given);
	terminal.write(given.values.json ? JSON.stringify(shown.data) : shownAsText(shown));
};

/** Does what was typed behind `souk`, and writes what came of it. Never rejects. */
export const souk = async (operator: Operator, args: readonly string[], terminal: Terminal): Promise<void> => {
	const [name = "help", ...rest] = args;
	try {
		if (name === "--help" || name === "-h" || (name === "help" && rest.length === 0)) terminal.write(helpOfAll(commands));
		else if (name === "help") terminal.write(helpOf(commandOf(rest[0] ?? "")));
		else await perform(operator, commandOf(name), rest, terminal);
	} catch (error) {
		const { code, detail } = saidOf(error);
		terminal.write(args.includes("--json") ? JSON.stringify({ error: { code, detail } }) : `${code}: ${detail}`);
	}
};
