import type { Foot } from "./html.ts";
import { type Block, type Line, manyLines, textOf, type Words } from "./words.ts";

// Words as text, for whoever reads mail without HTML. Lines are not broken here: the transport does it where it must (RFC 3676 is for
// clients that ask for it).

const factsOf = ({ facts }: Extract<Block, { kind: "facts" }>): string =>
	facts.map(([label, value]) => `${label}: ${textOf(value)}`).join("\n");

const goodsOf = ({ rows, total }: Extract<Block, { kind: "goods" }>): string =>
	[...rows.map(({ what, price }) => `- ${textOf(what)}: ${price}`), `Total: ${total}`].join("\n");

const quoteOf = ({ who, text }: Extract<Block, { kind: "quote" }>): string => {
	const lines = manyLines(text).split("\n");
	return [`${textOf(who)}:`, ...lines.map((line) => `> ${line}`)].join("\n");
};

const blockOf = (block: Block): string => {
	switch (block.kind) {
		case "paragraph":
		case "note":
			return textOf(block.line);
		case "facts":
			return factsOf(block);
		case "goods":
			return goodsOf(block);
		case "quote":
			return quoteOf(block);
		case "button":
			return `${block.label}:\n${block.url}`;
	}
};

const footOf = ({ why, unsubscribe, home }: Foot): string =>
	["-- ", textOf(why), ...(unsubscribe === undefined ? [] : [`Stop mails of this kind: ${unsubscribe}`]), `Souk: ${home}`].join(
		"\n",
	);

export const plainText = (words: Words, greeting: Line, foot: Foot): string =>
	`${[textOf(words.title), textOf(greeting), ...words.blocks.map(blockOf), footOf(foot)].filter((part) => part !== "").join("\n\n")}\n`;
