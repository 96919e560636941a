import { escapeHtml } from "./templates/html.ts";

// What people see who follow the link at the foot of a mail: no script, and one button.

/** Its hash stands in the policy of the routes (contracts/http/unsubscribe.ts), which lets no other style in. */
export const pageStyle =
	"body{max-width:34em;margin:12vh auto;padding:0 20px;font:16px/1.5 system-ui,sans-serif}h1{font-size:22px;line-height:1.3}button{padding:12px 22px;font:inherit;font-weight:600}";

const page = (title: string, body: string): string =>
	`<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><meta name="color-scheme" content="light dark"><meta name="robots" content="noindex"><title>${escapeHtml(title)}</title><style>${pageStyle}</style></head>
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
