export interface Rendered {
	subject: string;
	html: string;
	text: string;
}

export interface RenderContext {
	/** Of who gets it. */
	name: string;
	links: Readonly<Record<string, string>>;
}

/** The data of a mail lack what its template shows. */
export class MissingData extends Error {
	override readonly name = "MissingData";
}

const escaped = (text: string): string => text.replace(/[&<>"']/g, (sign) => `&#${sign.charCodeAt(0)};`);

/** Throws MissingData. */
export const render = (template: string, data: Readonly<Record<string, unknown>>, { name }: RenderContext): Rendered => {
	const product = data.productName;
	if (typeof product !== "string") throw new MissingData(`the mail "${template}" needs productName`);
	const subject = template === "purchase" ? `New purchase order: ${product}` : `Your order of ${product} is paid`;
	const text = `Hello ${name},\n\n${subject}\n`;
	return { subject, text, html: `<p>Hello ${escaped(name)},</p><p>${escaped(subject)}</p>` };
};
