import { DomainError } from "../../contracts/errors.ts";
import { commonPasswords } from "./common-passwords.ts";

// ASVS 5.0 §6.2: length, common passwords and words of the context. No rules of composition, no expiry, and the password is taken
// exactly as it was typed: no trimming, no folding, no normalisation (§6.2.8).

export const shortest = 8;
export const longest = 128;
/** What has to stay of a password when the words that an attacker would try first are taken out. */
const leastBeside = 5;

/** Substitutions that every cracking tool tries. */
const leet: Readonly<Record<string, string>> = { "0": "o", "1": "l", "3": "e", "4": "a", "5": "s", "@": "a", $: "s" };
const unleet = (text: string): string => text.replace(/[01345@$]/g, (sign) => leet[sign] ?? sign);

const isCommon = (password: string): boolean => commonPasswords().has(password) || commonPasswords().has(unleet(password));

const isOneSignRepeated = (password: string): boolean => new Set(password).size === 1;

export interface PasswordContext {
	email: string;
	name: string;
}

const contextWords = ({ email, name }: PasswordContext): string[] => {
	const local = email.split("@")[0] ?? "";
	const parts = [email, local, ...local.split(/[._+-]/), ...name.split(/\s+/), "souk"];
	return parts.map((part) => part.toLowerCase()).filter((part) => part.length >= 4);
};

const isContext = (password: string, context: PasswordContext): boolean =>
	contextWords(context).some((word) => password.includes(word) && [...password.replaceAll(word, "")].length < leastBeside);

/** Why this password is refused, or null. */
export const passwordFault = (password: string, context: PasswordContext): string | null => {
	const length = [...password].length; // code points
	if (length < shortest) return `must have at least ${shortest} characters`;
	if (length > longest) return `must have at most ${longest} characters`;
	const lower = password.toLowerCase();
	if (isCommon(lower) || isOneSignRepeated(lower)) return "is among the most common passwords";
	if (isContext(lower, context)) return "is too close to your name, your e-mail address or the name of this site";
	return null;
};

/** Throws VALIDATION that names the member of the body. */
export const requireGoodPassword = (password: string, context: PasswordContext, pointer: "/password" | "/next"): void => {
	const detail = passwordFault(password, context);
	if (detail) throw new DomainError("VALIDATION", `The password ${detail}`, { errors: [{ pointer, detail }] });
};
