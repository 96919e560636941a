// Addresses are looked at before any library sees them: what is one to us and several, or a header, to it sends mail to strangers.

const longest = 254; // RFC 5321 §4.5.3.1.3, without the angle brackets
const longestLocal = 64;

// No quoted local parts, comments, lists or routes (RFC 5322 §3.4, §4.4): nobody has such an address who can register here.
const shape = /^[^\s@<>()[\],;:\\"\p{C}]+@[^\s@<>()[\],;:\\"\p{C}]+\.[^\s@<>()[\],;:\\"\p{C}.]+$/u;

/** Exactly one address, without a name, that can stand in a header and an envelope as it is. */
export const isAddress = (text: string): boolean => {
	const at = text.lastIndexOf("@");
	const dots = /^\.|\.\.|\.@|@\./.test(text);
	return text.length <= longest && at <= longestLocal && shape.test(text) && !dots;
};

/** What two spellings of one mailbox have in common, as far as we can know. */
export const mailboxOf = (address: string): string => address.normalize("NFC").toLowerCase();

/** A name as it may stand before an address: one line. */
export const displayName = (name: string): string => name.replace(/[\p{C}\s]+/gu, " ").trim();

/** `Name <address>` or an address, as MAIL_FROM has it. */
export const parseSender = (text: string): { name: string; address: string } => {
	const found = /^(.*)<([^<>]+)>\s*$/u.exec(text);
	if (!found) return { name: "", address: text.trim() };
	return { name: displayName((found[1] ?? "").replaceAll('"', "")), address: (found[2] ?? "").trim() };
};
