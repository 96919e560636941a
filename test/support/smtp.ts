import { once } from "node:events";
import { readFileSync } from "node:fs";
import type { AddressInfo } from "node:net";
import { buffer } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import PostalMime, { type Email } from "postal-mime";
import { SMTPServer, type SMTPServerDataStream, type SMTPServerSession } from "smtp-server";
import { Seen } from "./seen.ts";

// A real SMTP server that does what a test asks for, and keeps what it took.

/** Trusted by nobody who was not told to; for localhost and 127.0.0.1. */
export const smtpCertificate = {
	path: fileURLToPath(new URL("./fixtures/smtp/localhost.crt", import.meta.url)),
	get pem(): string {
		return readFileSync(this.path, "utf8");
	},
};
const keyPath = fileURLToPath(new URL("./fixtures/smtp/localhost.key", import.meta.url));

export interface SmtpFault {
	/** `data`: it takes half of the message; `stored`: it has all of it, and has not said so. */
	on: "connect" | "rcpt" | "data" | "stored";
	/** No answer; a closed connection; or this refusal. */
	answer: "hang" | "drop" | { code: number; text: string };
	/** Only for this recipient. */
	to?: string;
	/** Default: always, until `mend()`. */
	times?: number;
}

export interface TakenMail {
	id: string;
	to: string[];
	from: string;
	raw: Buffer;
	/** The connection it came over. */
	secure: boolean;
	user: string | undefined;
}

export interface SmtpOptions {
	/** Default "none". */
	tls?: "none" | "starttls" | "implicit";
	/** The certificate of the package, which has no friends, instead of `smtpCertificate`. */
	badCertificate?: boolean;
	port?: number;
}

export interface SmtpSink {
	readonly url: string;
	readonly port: number;
	/** Those that it said 250 to, or was about to when it was told to say nothing. */
	readonly taken: TakenMail[];
	/** By Message-ID. */
	readonly seen: Seen;
	/** Recipients of each try, whatever became of it. */
	readonly tried: string[];
	/** Called with each message before it is answered. */
	onStored: (mail: TakenMail) => Promise<void> | void;
	fault(fault: SmtpFault): void;
	mend(): void;
	to(address: string): TakenMail[];
	parsed(address: string): Promise<Email[]>;
	/** As if the machine went: open connections are cut. It may come back on its port. */
	stop(): Promise<void>;
}

const messageIdIn = (raw: Buffer): string => /^message-id:\s*<([^>]+)>/im.exec(raw.toString("latin1"))?.[1] ?? "";

export const startSmtp = async ({ tls = "none", badCertificate = false, port = 0 }: SmtpOptions = {}): Promise<SmtpSink> => {
	const faults: (SmtpFault & { left: number })[] = [];
	const taken: TakenMail[] = [];
	const tried: string[] = [];
	const seen = new Seen();

	const faultFor = (on: SmtpFault["on"], to: string | undefined): SmtpFault | undefined => {
		const found = faults.find((fault) => fault.on === on && fault.left > 0 && (!fault.to || fault.to === to));
		if (found) found.left -= 1;
		return found;
	};
	const cut = (session: SMTPServerSession): void => {
		for (const connection of server.connections) if (connection.id === session.id) connection._socket.destroy();
	};
	type Callback = (error?: Error | null, text?: string) => void;
	/** Answers whether it did something else than going on. */
	const misbehave = (fault: SmtpFault | undefined, session: SMTPServerSession, callback: Callback): boolean => {
		if (!fault) return false;
		if (fault.answer === "drop") cut(session);
		else if (fault.answer !== "hang") callback(Object.assign(new Error(fault.answer.text), { responseCode: fault.answer.code }));
		return true;
	};
	const keep = (session: SMTPServerSession, raw: Buffer): TakenMail => {
		const to = session.envelope.rcptTo.map(({ address }) => address);
		const from = session.envelope.mailFrom ? session.envelope.mailFrom.address : "";
		const mail = { id: messageIdIn(raw), to, from, raw, secure: session.secure, user: session.user as string | undefined };
		taken.push(mail);
		seen.add(mail.id);
		return mail;
	};
	const onData = async (stream: SMTPServerDataStream, session: SMTPServerSession, callback: Callback): Promise<void> => {
		const to = session.envelope.rcptTo[0]?.address;
		const early = faultFor("data", to);
		if (early) {
			await once(stream, "data");
			if (typeof early.answer === "object") await once(stream.resume(), "end");
			misbehave(early, session, callback);
			return;
		}
		const raw = await buffer(stream);
		const late = faultFor("stored", to);
		const refused = typeof late?.answer === "object";
		if (!refused) await sink.onStored(keep(session, raw));
		if (!misbehave(late, session, callback)) callback(null, "2.0.0 taken");
	};
	const server = new SMTPServer({
		secure: tls === "implicit",
		authOptional: true,
		disabledCommands: tls === "starttls" ? [] : ["STARTTLS"],
		disableReverseLookup: true,
		logger: false,
		closeTimeout: 100,
		...(badCertificate ? {} : { key: readFileSync(keyPath), cert: smtpCertificate.pem }),
		onAuth: ({ username = "" }, _session, callback) => callback(null, { user: username }),
		onConnect: (session, callback) => void (misbehave(faultFor("connect", undefined), session, callback) || callback()),
		onRcptTo: ({ address }, session, callback) => {
			tried.push(address);
			void (misbehave(faultFor("rcpt", address), session, callback) || callback());
		},
		onData: (stream, session, callback) => void onData(stream, session, callback as Callback).catch(() => undefined), // the connection was cut, by us or by a dead node
	});
	server.on("error", () => undefined); // clients that die in the middle are what this is for
	server.listen(port, "127.0.0.1");
	await once(server.server, "listening");
	const own = (server.server.address() as AddressInfo).port;

	const to = (address: string): TakenMail[] => taken.filter((mail) => mail.to.includes(address));
	const sink: SmtpSink = {
		...{ taken, tried, seen, to, port: own },
		url: `${tls === "implicit" ? "smtps" : "smtp"}://127.0.0.1:${own}`,
		onStored: () => undefined,
		fault: (fault) => void faults.push({ ...fault, left: fault.times ?? Number.POSITIVE_INFINITY }),
		mend: () => void faults.splice(0),
		parsed: (address) => Promise.all(to(address).map(({ raw }) => PostalMime.parse(raw))),
		async stop() {
			const closed = once(server.server, "close");
			// Never the socket below a TLS socket: Node 24 does not survive that.
			for (const connection of server.connections) connection._socket.destroy();
			server.close();
			await closed;
		},
	};
	return sink;
};
