import type { SmtpOutcome } from "./smtp-outcome.ts";

// The port between the queue and what carries mails: an SMTP server (smtp.adapter.ts) or a folder (eml.adapter.ts).

/** A message as it goes out, signed. */
export interface Message {
	/** Of the mail. */
	id: string;
	/** ISO 8601: when the mail was queued. The same on every try. */
	createdAt: string;
	from: string;
	to: string;
	/** RFC 5322, lines ended by CR LF. */
	bytes: Uint8Array;
}

export interface Transport {
	/** As many at once make sense; one more would wait inside. */
	readonly width: number;
	/** Never throws for what the other side did. When `signal` aborts it lets go at once. */
	send(message: Message, signal: AbortSignal): Promise<SmtpOutcome>;
	/** Where messages stay with us: this one is gone, be it there or not. */
	forget?(message: Pick<Message, "id" | "createdAt">): Promise<void>;
	/** Called when no `send` is under way. */
	close(): void;
}
