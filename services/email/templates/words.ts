// What a mail says, before it is HTML or text: both are made of the same words, so neither can forget what the other has. Nothing in here
// is escaped yet.

/** What came from somewhere else: a name, a number, an amount. It is set apart from the sentence that it stands in. */
export interface Foreign {
	readonly foreign: string;
}

export type Line = readonly (string | Foreign)[];

export type Block =
	| { readonly kind: "paragraph"; readonly line: Line }
	| { readonly kind: "facts"; readonly facts: readonly (readonly [label: string, value: Line])[] }
	| { readonly kind: "goods"; readonly rows: readonly { readonly what: Line; readonly price: string }[]; readonly total: string }
	| { readonly kind: "quote"; readonly who: Line; readonly text: string }
	| { readonly kind: "button"; readonly label: string; readonly url: string }
	| { readonly kind: "note"; readonly line: Line };

export interface Words {
	readonly subject: Line;
	/** What a list of mails shows after the subject. */
	readonly preheader: Line;
	readonly title: Line;
	readonly blocks: readonly Block[];
}

/**
 * Embeddings, overrides and isolates that somebody else opened: they would turn round what comes after them (UAX #9, section 3.1). Marks
 * (LRM, RLM) and joiners stay, since names and emoji need them.
 */
const directions = /[\u202A-\u202E\u2066-\u2069]/g;
/** Everything that ends or leaves a line, of which CR and LF would also begin a new header. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is taken out
const controls = /[\u0000-\u001F\u007F-\u009F\u2028\u2029]+/g;

/** On one line, well-formed, and without power over its surroundings. */
export const oneLine = (text: string): string => text.toWellFormed().replace(directions, "").replace(controls, " ").trim();

/** As `oneLine`, but what was written on several lines stays so. */
export const manyLines = (text: string): string =>
	text
		.split(/\r\n|[\n\r\u2028\u2029]/)
		.map(oneLine)
		.join("\n")
		.trim();

export const foreign = (text: string): Foreign => ({ foreign: oneLine(text) });

/** say`Your order of ${product} is on its way`: what is put in is foreign, what stands there is ours. */
export const say = (ours: TemplateStringsArray, ...values: readonly (string | number)[]): Line =>
	ours.flatMap((text, index) => {
		const value = values[index];
		const line: (string | Foreign)[] = text === "" ? [] : [text];
		return value === undefined ? line : [...line, foreign(String(value))];
	});

/** For a subject: no isolates, which clients show as boxes. */
export const plainOf = (line: Line): string =>
	oneLine(line.map((part) => (typeof part === "string" ? part : part.foreign)).join(""));

const rightToLeft = /[\p{Script=Hebrew}\p{Script=Arabic}\p{Script=Syriac}\p{Script=Thaana}\p{Script=Nko}\p{Script=Adlam}\u200F]/u;

/** FSI and PDI around what is written from the right; the invisible stays away where it is not needed. */
const isolated = (text: string): string => (rightToLeft.test(text) ? `\u2068${text}\u2069` : text);

export const textOf = (line: Line): string =>
	line.map((part) => (typeof part === "string" ? part : isolated(part.foreign))).join("");

export const paragraph = (line: Line): Block => ({ kind: "paragraph", line });
export const note = (line: Line): Block => ({ kind: "note", line });
export const button = (label: string, url: string): Block => ({ kind: "button", label, url });
export const facts = (all: readonly (readonly [label: string, value: string | undefined])[]): Block => ({
	kind: "facts",
	facts: all.flatMap(([label, value]) => (value === undefined || value === "" ? [] : [[label, say`${value}`] as const])),
});
