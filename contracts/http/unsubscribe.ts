import Type from "typebox";
import type { Route } from "./route.ts";

const Token = Type.Object({
	token: Type.String({ minLength: 1, maxLength: 300, description: "From a mail: whose mails of which kind, signed" }),
});
const tag = "mail";
/** One button and one style, and nothing else. */
const policy = (forms: "'self'" | "'none'"): string =>
	`default-src 'none'; style-src 'sha256-TAUzLnHi62k4YHUxWzsk9rxJYLo61zV2keobdLHd7bE='; form-action ${forms}; base-uri 'none'; frame-ancestors 'none'`;

export const unsubscribeRoutes: readonly Route[] = [
	{
		method: "GET",
		path: "/v1/email/unsubscribe",
		action: "email.showUnsubscribe",
		summary: "A page that asks whether to stop mails of a kind",
		description: "Changes nothing, since mail clients open links by themselves.",
		tag,
		auth: "public",
		query: Token,
		status: 200,
		answer: Type.String({ description: "HTML" }),
		page: policy("'self'"),
	},
	{
		method: "POST",
		path: "/v1/email/unsubscribe",
		action: "email.unsubscribe",
		summary: "Stop mails of a kind, by one click",
		description:
			"RFC 8058: the address of a mail's List-Unsubscribe, with `List-Unsubscribe=One-Click` as the form's body. Neither a token nor a cookie is needed, and it may be repeated.",
		tag,
		auth: "public",
		query: Token,
		raw: true,
		consumes: ["application/x-www-form-urlencoded", "multipart/form-data"],
		body: Type.Optional(Type.Object({ "List-Unsubscribe": Type.Optional(Type.String({ examples: ["One-Click"] })) })),
		status: 200,
		answer: Type.String({ description: "HTML" }),
		page: policy("'none'"),
	},
];
