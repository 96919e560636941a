// A log that grows while it is read, in the order of its ids: what was written behind the reader must not leave a hole in front of what
// came after it, at which everybody would stop for ever.

const isRow = (document: object): document is { stream: string; seq: number } =>
	"stream" in document && typeof document.stream === "string" && "seq" in document && typeof document.seq === "number";

/** Entries of a stream as long as each follows the one before; other documents as they are. What is left out came after the reading began. */
export async function* withoutHoles<T extends object>(documents: AsyncIterable<T>): AsyncGenerator<T> {
	let stream: string | undefined;
	let next = 1;
	for await (const document of documents) {
		if (isRow(document)) {
			if (document.stream !== stream) [stream, next] = [document.stream, 1];
			if (document.seq !== next) continue;
			next += 1;
		}
		yield document;
	}
}
