import { createPrivateKey, type KeyObject } from "node:crypto";
import { readFileSync } from "node:fs";
import type { Profile } from "../../config/profile-type.ts";

// The key that mails are signed with: RFC 6376, and RFC 8301 for its size.

export interface DkimKey {
	domain: string;
	selector: string;
	pem: string;
}

/** DKIM_DOMAIN, DKIM_SELECTOR or DKIM_KEY cannot be used. Without this check mails would go out unsigned, and nobody would notice. */
export class UnfitDkim extends Error {
	override readonly name = "UnfitDkim";
	constructor(variable: string, what: string) {
		super(`${variable} ${what}`);
	}
}

const label = "[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?";
const domainName = new RegExp(`^${label}(?:\\.${label})+$`);
const selectorName = new RegExp(`^${label}(?:\\.${label})*$`);
const fewestBits = 1024;

/** As it stands in the environment, where some write line ends as \n; or the file of that name. */
const pemOf = (key: string): string => {
	if (key.includes("-----BEGIN")) return key.replaceAll("\\n", "\n");
	try {
		return readFileSync(key, "utf8");
	} catch (error) {
		const { code = "unreadable" } = error as NodeJS.ErrnoException;
		throw new UnfitDkim("DKIM_KEY", `must be a private key as PEM, or the path of a file with one (${code})`);
	}
};

const parse = (pem: string): KeyObject => {
	try {
		return createPrivateKey(pem);
	} catch {
		// What the library says may quote the key.
		throw new UnfitDkim("DKIM_KEY", "is no private key as PEM without a passphrase");
	}
};

/** Throws UnfitDkim. */
export const loadDkim = ({ dkim }: Pick<Profile, "dkim">): DkimKey | null => {
	if (!dkim) return null;
	const { domain, selector, key } = dkim;
	if (!domainName.test(domain)) throw new UnfitDkim("DKIM_DOMAIN", "must be a domain such as shop.example");
	if (!selectorName.test(selector)) throw new UnfitDkim("DKIM_SELECTOR", "must be a selector such as mail2026");
	const parsed = parse(pemOf(key));
	const bits = parsed.asymmetricKeyDetails?.modulusLength ?? 0;
	if (parsed.asymmetricKeyType !== "rsa") throw new UnfitDkim("DKIM_KEY", "must be an RSA key: mails are signed with rsa-sha256");
	if (bits < fewestBits) throw new UnfitDkim("DKIM_KEY", `must have ${fewestBits} bits or more; 2048 are usual`);
	return { domain, selector, pem: parsed.export({ type: "pkcs8", format: "pem" }).toString() };
};
