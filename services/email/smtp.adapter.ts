import type { Readable } from "node:stream";
import { createTransport } from "nodemailer";
import { outcomeOf, type SmtpFailure, type SmtpOutcome } from "./smtp-outcome.ts";
import type { Message, Transport } from "./transport.ts";

// SMTP over nodemailer's pool. Options of its transport may stand in the query of SMTP_URL: maxConnections, maxMessages, rateLimit
// (messages a second), connectionTimeout, greetingTimeout, socketTimeout (ms), requireTLS, name, tls.servername …

const defaults = {
	maxConnections: 5,
	maxMessages: 100,
	// Over a connection that the server had closed meanwhile, and never once the message was on its way: that is for us to decide.
	maxRequeues: 1,
	connectionTimeout: 10_000,
	greetingTimeout: 10_000,
	socketTimeout: 30_000,
};
/** However slowly a server drips: after that a mail gives way to the next. */
const wholeTimeout = 90_000;

const loopback = /^(localhost|127(\.\d{1,3}){3}|\[?::1\]?)$/i;

/**
 * What the URL says, over what is wise. With smtp:// TLS is used wherever the server offers it, and with a password there is nothing
 * without TLS: who sits on the way could take the offer out. Certificates are verified.
 */
export const smtpOptions = (text: string): Record<string, unknown> => {
	const url = new URL(text);
	const given = new Set(url.searchParams.keys());
	const protects = url.password !== "" && !loopback.test(url.hostname) && !given.has("requireTLS");
	return {
		url: text,
		pool: true,
		...Object.fromEntries(Object.entries(defaults).filter(([name]) => !given.has(name))),
		...(protects && { requireTLS: true }),
	};
};

const widthOf = (text: string): number => {
	const asked = Number(new URL(text).searchParams.get("maxConnections") ?? defaults.maxConnections);
	return Number.isInteger(asked) && asked >= 1 && asked <= 100 ? asked : defaults.maxConnections;
};

/** What nodemailer says when it has tried a second connection; why the first was of no use, it does not pass on. */
const noUse = "Reached maximum number of retries after connection was closed";

const failureOf = (error: unknown, begun: boolean): SmtpFailure => {
	const { message = String(error), code, responseCode, response, command } = error as Partial<SmtpFailure>;
	const words = message === noUse ? "the server did not answer or closed the connection, more than once" : message;
	return { message: words, code, responseCode, response, command, begun };
};

/** The part of nodemailer's message that is used here. */
interface Outgoing {
	data: { watched?: Readable[] };
	message: { createReadStream(options?: object): Readable };
}

/**
 * nodemailer does not tell whether a connection was lost before or after the message was on its way. Its stream does: it is read once
 * the server has asked for it.
 */
const watchStream = ({ data, message }: Outgoing, done: (error?: Error | null) => void): void => {
	const create = message.createReadStream.bind(message);
	message.createReadStream = (options) => {
		const stream = create(options);
		data.watched?.push(stream);
		return stream;
	};
	done();
};

export const smtpTransport = (url: string): Transport => {
	const pool = createTransport(smtpOptions(url) as { pool: true });
	pool.use("stream", watchStream as never); // its types do not know what we put beside the message
	const send = async ({ from, to, bytes }: Message, signal: AbortSignal): Promise<SmtpOutcome> => {
		const watched: Readable[] = [];
		try {
			const { response } = await pool.sendMail({
				...{ envelope: { from, to }, raw: Buffer.from(bytes), watched },
				signal: AbortSignal.any([signal, AbortSignal.timeout(wholeTimeout)]),
			} as object);
			return { kind: "sent", code: Number.parseInt(response, 10), response };
		} catch (error) {
			return outcomeOf(failureOf(error, watched.some(({ readableDidRead }) => readableDidRead))); // biome-ignore format: one line
		}
	};
	return { width: widthOf(url), send, close: () => pool.close() };
};
