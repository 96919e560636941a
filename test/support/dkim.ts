import { createHash, createVerify, type KeyLike } from "node:crypto";

// Verifies DKIM signatures as a receiver does: RFC 6376, rsa-sha256 with relaxed/relaxed canonicalisation, the key given instead of asked
// for in the DNS.

export interface DkimVerdict {
	ok: boolean;
	/** What is wrong. */
	why: string;
	domain: string;
	selector: string;
	/** Names of the fields that the signature covers, in lower case. */
	signed: string[];
}

const relaxedBody = (body: string): string => {
	const lines = body.split("\r\n").map((line) => line.replace(/[ \t]+/g, " ").replace(/ $/, ""));
	while (lines.at(-1) === "") lines.pop();
	return lines.map((line) => `${line}\r\n`).join("");
};

const relaxedField = (field: string): string => {
	const colon = field.indexOf(":");
	const value = field.slice(colon + 1).replace(/\r\n/g, "").replace(/[ \t]+/g, " ").trim(); // biome-ignore format: one line
	return `${field.slice(0, colon).trim().toLowerCase()}:${value}`;
};

const nameOf = (field: string): string => field.slice(0, field.indexOf(":")).trim().toLowerCase();

const tagsIn = (field: string): Map<string, string> =>
	new Map(
		field
			.slice(field.indexOf(":") + 1)
			.split(";")
			.map((tag) => tag.trim())
			.filter((tag) => tag !== "")
			.map((tag) => [tag.slice(0, tag.indexOf("=")).trim(), tag.slice(tag.indexOf("=") + 1).replace(/\s+/g, "")]),
	);

/** §5.4.2: of several fields of a name the last that was not taken yet. */
const take = (fields: readonly string[], names: readonly string[]): string => {
	const left = [...fields];
	return names
		.map((name) => {
			const index = left.findLastIndex((field) => nameOf(field) === name);
			return index < 0 ? "" : `${relaxedField(left.splice(index, 1)[0] ?? "")}\r\n`;
		})
		.join("");
};

export const verifyDkim = (raw: Buffer, publicKey: KeyLike): DkimVerdict => {
	const text = raw.toString("latin1");
	const end = text.indexOf("\r\n\r\n");
	const fields = text.slice(0, end).split(/\r\n(?![ \t])/);
	const signature = fields.find((field) => nameOf(field) === "dkim-signature");
	if (!signature) return { ok: false, why: "there is no signature", domain: "", selector: "", signed: [] };
	const tags = tagsIn(signature);
	const signed = (tags.get("h") ?? "").toLowerCase().split(":");
	const verdict = { domain: tags.get("d") ?? "", selector: tags.get("s") ?? "", signed };
	if (tags.get("a") !== "rsa-sha256" || tags.get("c") !== "relaxed/relaxed")
		return { ...verdict, ok: false, why: "other algorithms" };
	const bodyHash = createHash("sha256").update(relaxedBody(text.slice(end + 4)), "latin1").digest("base64"); // biome-ignore format: one line
	if (bodyHash !== tags.get("bh")) return { ...verdict, ok: false, why: "the body was changed" };
	const unsigned = relaxedField(signature.replace(/([;\s]b=)[^;]*/, "$1"));
	const others = fields.filter((field) => field !== signature);
	const verifier = createVerify("RSA-SHA256").update(take(others, signed) + unsigned, "latin1");
	const ok = verifier.verify(publicKey, tags.get("b") ?? "", "base64");
	return { ...verdict, ok, why: ok ? "" : "a signed field was changed, or the key is another" };
};
