// What an answer of an SMTP server, or its silence, means for a mail. RFC 5321 §4.2, RFC 3463 for the enhanced codes.

/** What is known of a try that did not end in a 250; members as nodemailer names them. */
export interface SmtpFailure {
	message: string;
	/** ETIMEDOUT, ECONNECTION, ETLS, EAUTH, … */
	code?: string | undefined;
	/** 421, 550, … */
	responseCode?: number | undefined;
	/** The server's line. */
	response?: string | undefined;
	/** Which command was answered: MAIL FROM, RCPT TO, DATA, …; CONN whenever the connection was lost. */
	command?: string | undefined;
	/** Some of the message was on its way. */
	begun?: boolean | undefined;
}

export type SmtpOutcome =
	| { kind: "sent"; code: number; response: string }
	/** It may work later. `unknown`: the server may have taken it all the same. */
	| { kind: "retry"; reason: string; code?: number; unknown?: true }
	/** This address takes no mail, now or later. */
	| { kind: "bad-address"; reason: string; code?: number }
	/** It will not be taken, and that is not the address' fault. */
	| { kind: "refused"; reason: string; code?: number };

/** X.Y.Z at the start of the text of a reply. */
const enhancedIn = ({ response }: SmtpFailure): readonly [subject: number, detail: number] | null => {
	const found = /^\d{3}[ -]5\.(\d{1,3})\.(\d{1,3})\b/.exec(response ?? "");
	return found ? [Number(found[1]), Number(found[2])] : null;
};

/** 5.1.7 and 5.1.8 speak of the sender's address. */
const ofTheSender: readonly number[] = [7, 8];

/** Who no longer exists, was moved or closed. A full mailbox (5.2.2) is none of these: it may be emptied. */
const saysBadAddress = (failure: SmtpFailure): boolean => {
	const enhanced = enhancedIn(failure);
	if (enhanced) {
		const [subject, detail] = enhanced;
		return (subject === 1 && !ofTheSender.includes(detail)) || (subject === 2 && detail === 1);
	}
	return failure.command === "RCPT TO" && [550, 551, 553].includes(failure.responseCode ?? 0);
};

/** Refusals to talk to us at all (greeting, TLS, log-in) say nothing about the mail; an operator can mend that within the day. */
const aboutTheMail: readonly string[] = ["MAIL FROM", "RCPT TO", "DATA", "BDAT"];
const wantsLogin: readonly number[] = [530, 534, 535, 538];

const isPermanent = ({ responseCode = 0, command = "" }: SmtpFailure): boolean =>
	responseCode >= 500 && responseCode < 600 && aboutTheMail.includes(command) && !wantsLogin.includes(responseCode);

const longestReason = 500;

const reasonOf = ({ response, message, code, command, begun }: SmtpFailure): string => {
	const words = response ?? (code ? `${message} (${code})` : message);
	const where = begun ? "DATA: " : command ? `${command}: ` : "";
	return `${where}${words}`.replace(/[\p{C}\s]+/gu, " ").slice(0, longestReason);
};

const mayHaveTaken = ({ begun = false, responseCode }: SmtpFailure): boolean => begun && responseCode === undefined;

/** nodemailer's own refusals, before it said anything to the server. */
const ownRefusals: readonly string[] = ["EENVELOPE", "EMESSAGE"];

export const outcomeOf = (failure: SmtpFailure): SmtpOutcome => {
	const { responseCode, code = "" } = failure;
	const told = { reason: reasonOf(failure), ...(responseCode !== undefined && { code: responseCode }) };
	if (isPermanent(failure)) return { kind: saysBadAddress(failure) ? "bad-address" : "refused", ...told };
	if (responseCode === undefined && ownRefusals.includes(code)) return { kind: "refused", ...told };
	return { kind: "retry", ...told, ...(mayHaveTaken(failure) && { unknown: true }) };
};
