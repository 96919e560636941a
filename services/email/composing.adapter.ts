import { createTransport } from "nodemailer";
import { displayName } from "./address.ts";
import type { DkimKey } from "./dkim.adapter.ts";
import { type Mail, messageIdOf } from "./mail.ts";
import type { Rendered } from "./templates/index.ts";

// Makes the bytes of a message: MIME and the DKIM signature are nodemailer's.

export interface Sender {
	name: string;
	address: string;
}

export interface Composition {
	mail: Pick<Mail, "_id">;
	to: { name: string; address: string };
	rendered: Rendered;
	/** Beside those that every mail has. */
	headers: Readonly<Record<string, string>>;
	at: Date;
}

export type Composer = (composition: Composition) => Promise<Uint8Array>;

/** What a signature covers. One-click unsubscribing works only if it covers both of its fields: RFC 8058 §4. */
const signedFields = [
	...["From", "Sender", "Reply-To", "Subject", "Date", "Message-ID", "To", "MIME-Version", "Content-Type"],
	...["Content-Transfer-Encoding", "List-Unsubscribe", "List-Unsubscribe-Post", "Auto-Submitted"],
].join(":");

export const composer = (sender: Sender, dkim: DkimKey | null): Composer => {
	const transport = createTransport({
		...{ streamTransport: true, buffer: true, newline: "windows" },
		...(dkim && {
			dkim: { domainName: dkim.domain, keySelector: dkim.selector, privateKey: dkim.pem, headerFieldNames: signedFields },
		}),
	} as const);
	const domain = sender.address.slice(sender.address.lastIndexOf("@") + 1);
	return async ({ mail, to, rendered, headers, at }) => {
		const { message } = await transport.sendMail({
			from: sender,
			to: { name: displayName(to.name), address: to.address },
			subject: displayName(rendered.subject),
			text: rendered.text,
			html: rendered.html,
			messageId: messageIdOf(mail, domain),
			date: at,
			// No out-of-office answers, please: RFC 3834 §5.
			headers: { "Auto-Submitted": "auto-generated", ...headers },
			// Nothing in a mail is the name of a file or a URL to fetch.
			disableFileAccess: true,
			disableUrlAccess: true,
		});
		if (!(message instanceof Uint8Array)) throw new TypeError("nodemailer was asked for bytes and made a stream");
		return message;
	};
};
