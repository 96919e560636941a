import { compileCheck } from "../../../middlewares/field-errors.ts";
import { passwordChanged, passwordReset, verification, welcome } from "./about-accounts.ts";
import { chatDigest, unreadChat } from "./about-chat.ts";
import {
	orderCancelled,
	orderDeclined,
	orderDelivered,
	orderExpired,
	orderPaid,
	orderShipped,
	paymentReminder,
	purchase,
	refunded,
} from "./about-orders.ts";
import { isTemplate, type TemplateData, type TemplateName, templateData, templateNames } from "./data.ts";
import { htmlOf } from "./html.ts";
import { plainText } from "./text.ts";
import { type Line, plainOf, say, type Words } from "./words.ts";

export type { TemplateData, TemplateName } from "./data.ts";

export interface Links {
	/** Where people find us: scheme, host and perhaps a path, without a slash at the end. */
	home: string;
	/** What the link of a welcome, a verification or a password reset carries. */
	token?: string | undefined;
	/** Where mails of this kind are turned off; left out where they cannot be. */
	unsubscribe?: string | undefined;
}

export interface Recipient {
	name: string;
	links: Links;
}

export interface Rendered {
	/** One line. */
	subject: string;
	html: string;
	text: string;
}

/** There is no such template, or something that it needs is missing or of another shape. The same mail will never be any better. */
export class MissingData extends Error {
	override readonly name = "MissingData";
	readonly template: string;
	/** JSON Pointers. */
	readonly missing: readonly string[];
	constructor(template: string, missing: readonly string[]) {
		super(missing.length > 0 ? `the template ${template} lacks ${missing.join(", ")}` : `there is no template ${template}`);
		this.template = template;
		this.missing = missing;
	}
}

type Composer<T extends TemplateName> = (data: TemplateData[T], links: Links) => Words;

const withToken =
	<T extends TemplateName>(template: T, words: (home: string, token: string) => Words): Composer<T> =>
	(_data, { home, token }) => {
		if (!token) throw new MissingData(template, ["/links/token"]);
		return words(home, token);
	};

const withHome =
	<T extends TemplateName>(words: (data: TemplateData[T], home: string) => Words): Composer<T> =>
	(data, { home }) =>
		words(data, home);

const composers: { readonly [T in TemplateName]: Composer<T> } = {
	purchase: withHome(purchase),
	"order-paid": withHome(orderPaid),
	"order-declined": withHome(orderDeclined),
	"order-cancelled": withHome(orderCancelled),
	"order-expired": withHome(orderExpired),
	"order-shipped": withHome(orderShipped),
	"order-delivered": withHome(orderDelivered),
	refunded: withHome(refunded),
	"payment-reminder": withHome(paymentReminder),
	"unread-chat": withHome(unreadChat),
	"chat-digest": withHome(chatDigest),
	welcome: withToken("welcome", welcome),
	verification: withToken("verification", verification),
	"password-reset": withToken("password-reset", passwordReset),
	"password-changed": withHome(passwordChanged),
};

const checks = new Map(templateNames.map((name) => [name, compileCheck(templateData[name])]));

const demand = (template: TemplateName, data: unknown): void => {
	const wrong = checks.get(template)?.(data);
	if (wrong) throw new MissingData(template, [...new Set(wrong.map(({ pointer }) => pointer || "/"))]);
};

const greetingOf = (name: string): Line => (plainOf([{ foreign: name }]) === "" ? say`Hello,` : say`Hello ${name},`);

const why = (unsubscribe: string | undefined): Line =>
	unsubscribe === undefined
		? say`You get this mail because it is about your account or a payment of yours.`
		: say`You get this mail because you have an account at Souk.`;

/**
 * A mail in words: HTML, and the same as text. Everything that came from people is escaped, set apart from our own words and kept to the
 * line it belongs on. The same arguments always give the same mail. Throws MissingData.
 */
export const render = (template: string, data: unknown, { name, links }: Recipient): Rendered => {
	if (!isTemplate(template)) throw new MissingData(template, []);
	demand(template, data);
	const compose = composers[template] as Composer<TemplateName>; // `demand` held the data against the template's own schema
	const words = compose(data as TemplateData[TemplateName], links);
	const greeting = greetingOf(name);
	const foot = { why: why(links.unsubscribe), unsubscribe: links.unsubscribe, home: links.home };
	return { subject: plainOf(words.subject), html: htmlOf(words, greeting, foot), text: plainText(words, greeting, foot) };
};
