import type { Json } from "./announced.ts";
import type { SoukProcess } from "./souk-process.ts";
import { until } from "./until.ts";

/** Somebody who types at the prompt of a node that was started with `--repl` and whose input is a pipe. */
export class Prompt {
	readonly #node: SoukProcess;
	#asked = 0;

	constructor(node: SoukProcess) {
		this.#node = node;
	}

	/** What is written below the command. Commands are done one after the other: when a later one is answered, this one was. */
	async says(line: string): Promise<string> {
		const from = this.#node.logs.length;
		const mark = `mark-${process.pid}-${++this.#asked}`;
		const end = `{"id":"${mark}"`;
		this.#node.type(`souk ${line}\nsouk owner ${mark} --json\n`);
		const said = await until(`the answer to ${line}`, async () => this.#node.logs.slice(from), (text) => text.includes(end)); // biome-ignore format: one line
		return said.slice(0, said.indexOf(end)).replaceAll("souk $ ", "");
	}

	/** With `--json`: the one line that parses. */
	async json(line: string): Promise<Json> {
		const said = await this.says(`${line} --json`);
		const found = said.split("\n").find((part) => part.startsWith("{"));
		if (found === undefined) throw new Error(`no JSON in ${said}`);
		return JSON.parse(found);
	}
}
