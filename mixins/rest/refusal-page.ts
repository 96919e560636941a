import type { Problem } from "../../contracts/errors.ts";

const escapes: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;" };
const escaped = (text: string): string => text.replace(/[&<>"']/g, (character) => escapes[character] ?? "");

/** A refusal for somebody who followed a link. The id is what they can tell whoever looks into it. */
export const refusalPage = ({ title, detail, requestId }: Problem): string =>
	`<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><meta name="color-scheme" content="light dark"><title>${escaped(title)}</title></head>
<body>
<h1>${escaped(title)}</h1>
<p>${escaped(detail)}</p>
<p><small>Request ${escaped(requestId)}</small></p>
</body>
</html>
`;
