import type { Block, Line, Words } from "./words.ts";
import { manyLines, oneLine, plainOf } from "./words.ts";

// Words as HTML. One column, no images, no script; colours for light and dark, and whatever a client does with them it stays readable:
// text and the ground that it stands on are always set together.

const escapes: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;" };

export const escapeHtml = (text: string): string => text.replace(/[&<>"']/g, (character) => escapes[character] ?? "");

const inline = (line: Line): string =>
	line.map((part) => (typeof part === "string" ? escapeHtml(part) : `<bdi>${escapeHtml(part.foreign)}</bdi>`)).join("");

const style = `:root{color-scheme:light dark;supported-color-schemes:light dark}
a{color:#0b5d4e}
.button a{color:#ffffff}
@media (prefers-color-scheme:dark){
.page{background:#141413!important;color:#ececea!important}
.card{background:#1f1f1d!important;color:#ececea!important;border-color:#3a3a37!important}
.muted{color:#a9a9a3!important}
.rule{border-color:#3a3a37!important}
.quote{background:#292926!important;border-color:#5fc4ae!important;color:#ececea!important}
a{color:#7fd6c3}
.button{background:#7fd6c3!important}
.button a{color:#10211d!important}
}
@media (max-width:480px){.card{padding:24px 20px 8px!important}.page{padding:12px 8px!important}}`;

const font = "font-family:-apple-system,'Segoe UI',Roboto,Helvetica,Arial,sans-serif";
const paragraphStyle = "margin:0 0 16px;font-size:16px;line-height:1.5;overflow-wrap:anywhere";
const mutedStyle = "color:#5c5c57;font-size:14px;line-height:1.5;overflow-wrap:anywhere";
const table = 'role="presentation" width="100%" cellpadding="0" cellspacing="0" border="0"';

const factsOf = (all: Extract<Block, { kind: "facts" }>["facts"]): string => {
	const rows = all.map(
		([label, value]) =>
			`<tr><td class="muted" valign="top" style="${mutedStyle};padding:3px 16px 3px 0;white-space:nowrap">${escapeHtml(label)}</td>` +
			`<td width="100%" valign="top" style="padding:3px 0;font-size:16px;line-height:1.4;overflow-wrap:anywhere">${inline(value)}</td></tr>`,
	);
	return `<table ${table} style="margin:0 0 20px">${rows.join("")}</table>`;
};

const cell = "padding:10px 0;border-bottom:1px solid #e2e2dd;font-size:16px;line-height:1.4";

const goodsOf = ({ rows, total }: Extract<Block, { kind: "goods" }>): string => {
	const lines = rows.map(
		({ what, price }) =>
			`<tr><td class="rule" style="${cell};overflow-wrap:anywhere">${inline(what)}</td>` +
			`<td class="rule" align="right" valign="top" style="${cell};padding-left:16px;white-space:nowrap">${escapeHtml(price)}</td></tr>`,
	);
	const sum =
		`<tr><td style="padding:10px 0;font-size:16px;font-weight:600">Total</td>` +
		`<td align="right" style="padding:10px 0 10px 16px;font-size:16px;font-weight:600;white-space:nowrap">${escapeHtml(total)}</td></tr>`;
	return `<table ${table} style="margin:0 0 20px;border-collapse:collapse">${lines.join("")}${sum}</table>`;
};

const quoteOf = ({ who, text }: Extract<Block, { kind: "quote" }>): string =>
	`<div class="quote" style="margin:0 0 16px;padding:12px 16px;background:#f1f5f3;color:#1c1c1a;border-left:3px solid #0b5d4e">` +
	`<p style="margin:0 0 4px;font-size:14px;line-height:1.4;font-weight:600;overflow-wrap:anywhere">${inline(who)}</p>` +
	`<p dir="auto" style="margin:0;font-size:16px;line-height:1.5;white-space:pre-wrap;overflow-wrap:anywhere">${escapeHtml(manyLines(text))}</p></div>`;

const buttonOf = ({ label, url }: Extract<Block, { kind: "button" }>): string =>
	`<table role="presentation" cellpadding="0" cellspacing="0" border="0" style="margin:4px 0 24px"><tr><td class="button" style="background:#0b5d4e;border-radius:6px">` +
	`<a href="${escapeHtml(url)}" style="display:inline-block;padding:12px 22px;font-size:16px;font-weight:600;color:#ffffff;text-decoration:none">${escapeHtml(label)}</a></td></tr></table>`;

const blockOf = (block: Block): string => {
	switch (block.kind) {
		case "paragraph":
			return `<p style="${paragraphStyle}">${inline(block.line)}</p>`;
		case "note":
			return `<p class="muted" style="margin:0 0 16px;${mutedStyle}">${inline(block.line)}</p>`;
		case "facts":
			return factsOf(block.facts);
		case "goods":
			return goodsOf(block);
		case "quote":
			return quoteOf(block);
		case "button":
			return buttonOf(block);
	}
};

/** After the preheader, or the list of mails would go on with what stands at the top of every mail. */
const filler = "&#847;&zwnj;&nbsp;".repeat(60);

export interface Foot {
	readonly why: Line;
	/** Where mails of this kind are turned off. */
	readonly unsubscribe?: string | undefined;
	readonly home: string;
}

const footOf = ({ why, unsubscribe, home }: Foot): string => {
	const off = unsubscribe === undefined ? "" : `<br><a href="${escapeHtml(unsubscribe)}">Stop mails of this kind</a>`;
	return `<p class="muted" style="margin:0;${mutedStyle}">${inline(why)}${off}<br><a href="${escapeHtml(home)}">Souk</a></p>`;
};

export const htmlOf = (words: Words, greeting: Line, foot: Foot): string =>
	`<!doctype html>
<html lang="en" dir="ltr">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="supported-color-schemes" content="light dark">
<meta name="format-detection" content="telephone=no, date=no, address=no, email=no">
<title>${escapeHtml(plainOf(words.subject))}</title>
<style>
${style}
</style>
</head>
<body class="page" style="margin:0;padding:0;background:#f4f4f1;color:#1c1c1a;${font}">
<div style="display:none;max-height:0;overflow:hidden">${escapeHtml(oneLine(plainOf(words.preheader)))}${filler}</div>
<table ${table}><tr><td class="page" align="center" style="padding:28px 12px;background:#f4f4f1;color:#1c1c1a">
<table ${table} style="max-width:580px;text-align:left"><tr><td class="card" style="padding:32px 32px 16px;background:#ffffff;color:#1c1c1a;border:1px solid #e2e2dd;border-radius:10px;${font}">
<h1 style="margin:0 0 20px;font-size:22px;line-height:1.3;font-weight:650;overflow-wrap:anywhere">${inline(words.title)}</h1>
<p style="${paragraphStyle}">${inline(greeting)}</p>
${words.blocks.map(blockOf).join("\n")}
</td></tr><tr><td style="padding:20px 8px 0;${font}">
${footOf(foot)}
</td></tr></table>
</td></tr></table>
</body>
</html>
`;
