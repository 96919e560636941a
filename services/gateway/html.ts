import type { Explanation } from "./problem-explanations.ts";

// The few pages that people see. No script and no style in any of them, so that their policy can forbid both.

const page = (title: string, body: string, head = ""): string =>
	`<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>${title}</title>${head}</head>
<body>
${body}
</body>
</html>
`;

/** All that goes in is ours, but a backtick quotes code. */
const prose = (text: string): string => text.replace(/`([^`]+)`/g, "<code>$1</code>");

/** Where the web client would be, had it been built. */
export const unbuiltPage = page(
	"Souk",
	`<h1>Souk</h1>
<p>The realtime back end of a marketplace.</p>
<p>Its web client has not been built here: run <code>npm ci &amp;&amp; npm run build:web</code>, then start again. All else works.</p>
<ul>
<li><a href="/docs">API</a> (<a href="/openapi.json">OpenAPI 3.1</a>)</li>
<li><a href="/asyncapi.json">Sockets and events</a> (AsyncAPI 3.0)</li>
<li><a href="/health">Health</a></li>
<li><a href="/problems">Problems and what they mean</a></li>
</ul>`,
);

export const problemPage = ({ code, status, title, text, retryable }: Explanation): string =>
	page(
		title,
		`<h1>${title}</h1>
<p><code>${code}</code>, HTTP status ${status}</p>
<p>${prose(text)}</p>
<p>${retryable ? "The same request may succeed later without a change." : "The same request will fail again."}</p>
<p><a href="/problems">All problems</a></p>`,
	);

const row = ({ code, status, title }: Explanation): string =>
	`<li><a href="/problems/${code.toLowerCase().replaceAll("_", "-")}">${status} <code>${code}</code></a> ${title}</li>`;

export const problemList = (all: readonly Explanation[]): string =>
	page("Problems", `<h1>Problems</h1>\n<ul>\n${all.map(row).join("\n")}\n</ul>`);

export const docsPage = page(
	"Souk API",
	`<p>Sockets and events: <a href="/asyncapi.json">AsyncAPI 3.0</a></p>
<div id="swagger-ui"></div>
<script src="/docs/swagger-ui-bundle.js"></script>
<script src="/docs/start.js"></script>`,
	'<link rel="stylesheet" href="/docs/swagger-ui.css">',
);

/** In a file of its own, since the page's policy runs no inline script. */
export const docsScript = `SwaggerUIBundle({ url: "/openapi.json", dom_id: "#swagger-ui", deepLinking: true, persistAuthorization: false, validatorUrl: null });\n`;
