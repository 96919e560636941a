import { isUtf8 } from "node:buffer";

// A stream of bytes as lines, some at a time. Holds one chunk and at most one line of its limit, whatever comes in.

/** One line, or what is wrong with it. */
export type Line = { text: string } | { wrong: "too long" | "not UTF-8" };

const newline = 10;

const blank = (text: string): boolean => text.trim() === "";

class Splitter {
	readonly #limit: number;
	#parts: Buffer[] = [];
	#bytes = 0;

	constructor(limit: number) {
		this.#limit = limit;
	}

	/** The lines that the chunk completes; blank ones are none. */
	take(chunk: Buffer): Line[] {
		const lines: Line[] = [];
		let from = 0;
		for (let to = chunk.indexOf(newline); to >= 0; to = chunk.indexOf(newline, from)) {
			this.#keep(chunk.subarray(from, to));
			this.#finish(lines);
			from = to + 1;
		}
		// A copy: the rest of a chunk would hold all of it.
		if (from < chunk.length) this.#keep(Buffer.from(chunk.subarray(from)));
		return lines;
	}

	/** The last line needs no newline. */
	end(): Line[] {
		const lines: Line[] = [];
		this.#finish(lines);
		return lines;
	}

	/** Past the limit only the length counts. */
	#keep(part: Buffer): void {
		this.#bytes += part.length;
		if (this.#bytes > this.#limit) this.#parts = [];
		else this.#parts.push(part);
	}

	#finish(lines: Line[]): void {
		const line = this.#line();
		this.#parts = [];
		this.#bytes = 0;
		if (!("text" in line) || !blank(line.text)) lines.push(line);
	}

	#line(): Line {
		if (this.#bytes > this.#limit) return { wrong: "too long" };
		const bytes = this.#parts.length === 1 && this.#parts[0] ? this.#parts[0] : Buffer.concat(this.#parts);
		return isUtf8(bytes) ? { text: bytes.toString() } : { wrong: "not UTF-8" };
	}
}

export interface BatchOptions {
	/** Bytes of a line; a longer one is told as such and the next go on. */
	lineLimit: number;
	maxLines: number;
	/** Bytes of the lines of a batch, the one that fills it included. */
	maxBytes: number;
}

const sizeOf = (line: Line): number => ("text" in line ? line.text.length : 0);

function* packed(lines: readonly Line[], { maxLines, maxBytes }: BatchOptions): Generator<Line[]> {
	let batch: Line[] = [];
	let bytes = 0;
	for (const line of lines) {
		if (batch.length > 0 && (batch.length >= maxLines || bytes + sizeOf(line) > maxBytes)) {
			yield batch;
			batch = [];
			bytes = 0;
		}
		batch.push(line);
		bytes += sizeOf(line);
	}
	if (batch.length > 0) yield batch;
}

/** Lines as they come: none waits for company, since a sender may wait for the answer to one before it sends the next. */
export async function* batchesOf(chunks: AsyncIterable<Buffer>, options: BatchOptions): AsyncGenerator<Line[]> {
	const splitter = new Splitter(options.lineLimit);
	for await (const chunk of chunks) yield* packed(splitter.take(chunk), options);
	yield* packed(splitter.end(), options);
}
