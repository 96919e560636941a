import { escapeHtml } from "./templates/html.ts";

// What people see who follow the link at the foot of a mail. No script, no style, and one button.

const page = (title: string, body: string): string =>
	`<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><meta name="color-scheme" content="light dark"><meta name="robots" content="noindex"><title>${escapeHtml(title)}</title></head>
<body>
<h1>${escapeHtml(title)}</h1>
${body}
</body>
</html>
`;

export const questionPage = (kind: string, token: string): string =>
	page(
		`Stop mails about ${kind}?`,
		`<p>You will get no more mails about ${escapeHtml(kind)}. Your notifications in Souk stay as they are, and you can turn the mails on again in your preferences.</p>
<form method="post" action="?token=${escapeHtml(encodeURIComponent(token))}">
<input type="hidden" name="List-Unsubscribe" value="One-Click">
<button type="submit">Stop these mails</button>
</form>`,
	);

export const donePage = (kind: string): string =>
	page(
		`No more mails about ${kind}`,
		`<p>It is done: you get no more mails about ${escapeHtml(kind)}. You can turn them on again in your preferences.</p>`,
	);
