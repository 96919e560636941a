import type { REPLServer } from "node:repl";
import type { ServiceBroker } from "moleculer";
import { operatorOf } from "./operator.ts";
import { souk, type Terminal } from "./souk.ts";

// Moleculer's prompt, with ours in it: one command `souk`, whose words we read ourselves.

interface TypedCommand {
	parent: { rawArgs: string[] };
	params: unknown;
}

/** Resolves to whether the answer was yes; not if they would rather not say. */
const asker =
	(prompt: () => REPLServer) =>
	(question: string): Promise<boolean> =>
		new Promise((resolve) => {
			const server = prompt();
			const giveUp = (): void => resolve(false);
			server.once("SIGINT", giveUp);
			server.once("close", giveUp);
			server.question(question, (answer) => {
				server.off("SIGINT", giveUp);
				server.off("close", giveUp);
				resolve(/^y(es)?$/i.test(answer.trim()));
			});
		});

/** Opens the prompt of a started broker. `end` is called when it is left: by its own `exit`, Ctrl-D, or the end of what is piped into it. */
export const openPrompt = (broker: ServiceBroker, end: () => void): void => {
	const operator = operatorOf(broker);
	let server: REPLServer | undefined;
	// Lines that are piped in come all at once; each waits for the one before.
	let last = Promise.resolve();
	const terminal: Terminal = {
		write: (text) => console.log(text),
		confirm: process.stdin.isTTY ? asker(() => server as REPLServer) : null, // it is there before anybody types
	};
	const command = {
		command: "souk [words...]",
		description: "Operators' commands: rings, streams, dead letters, users … `souk help` lists them",
		allowUnknownOptions: true,
		// As one of ours, or the help of all would be shown for `souk ring --help`.
		options: [{ option: "-h, --help", description: "the commands, or one of them" }],
		parse(typed: TypedCommand): void {
			typed.params = typed.parent.rawArgs.slice(3);
		},
		action(_broker: ServiceBroker, args: readonly string[]): Promise<void> {
			last = last.then(() => souk(operator, args, terminal));
			return last;
		},
	};
	Object.assign(broker.options, { replOptions: { delimiter: "souk $", customCommands: [command] } });
	server = broker.repl() as unknown as REPLServer; // declared without an answer
	// Its own way out does not wait for what is under way, and drains nothing.
	server.removeAllListeners("exit");
	server.on("exit", () => void last.then(end));
};
