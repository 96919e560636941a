// How one value of the environment is read. A parser throws `Unfit` with what would be right; it never repeats the value,
// because half of them may hold a password.

import { accessSync, constants, statSync } from "node:fs";
import { resolve } from "node:path";

export class Unfit extends Error {
	override readonly name = "Unfit";
}

export type Parser<T> = (text: string) => T;

const unfit = (wanted: string): never => {
	throw new Unfit(`must be ${wanted}`);
};

export const whole =
	(min: number, max: number, unit = ""): Parser<number> =>
	(text) => {
		const value = /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN;
		return value >= min && value <= max ? value : unfit(`a whole number${unit} from ${min} to ${max}`);
	};

/** 0 lets the system choose: for tests, and for several nodes on one machine. */
export const portNumber = whole(0, 65_535);

export const milliseconds = (min: number, max: number): Parser<number> => whole(min, max, " of milliseconds");

/** As `milliseconds`, for what has to outlive something else. `why`: what, for whoever chose a shorter one. */
export const longerThan =
	(other: number, max: number, why: string): Parser<number> =>
	(text) => {
		const value = milliseconds(0, max)(text);
		return value > other ? value : unfit(`more than ${other} milliseconds: ${why}`);
	};

const day = 86_400_000;
const unitLengths: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: day };

/** `15m`, `30s`, `500ms`, `2h`, `7d`; a bare number means seconds. Answers milliseconds. */
export const duration: Parser<number> = (text) => {
	const found = /^(\d{1,9})(ms|s|m|h|d)?$/.exec(text);
	const value = found ? Number(found[1]) * (unitLengths[found[2] ?? "s"] ?? Number.NaN) : Number.NaN;
	return value >= 1 && value <= 3_650 * day
		? value
		: unfit("a time such as 500ms, 30s, 15m, 2h or 7d (a bare number is seconds)");
};

const shown = (ms: number): string => (ms % day === 0 && ms > day ? `${ms / day}d` : `${ms / 3_600_000}h`);

/** A time that something else rests on. `why`: what, for whoever chose a shorter one. */
export const durationFrom =
	(min: number, why: string): Parser<number> =>
	(text) => {
		const value = duration(text);
		return value >= min ? value : unfit(`${shown(min)} or more: ${why}`);
	};

export const oneOf =
	<const T extends string>(...words: readonly T[]): Parser<T> =>
	(text) =>
		words.find((word) => word === text) ?? unfit(`one of ${words.join(", ")}`);

export const flag: Parser<boolean> = (text) => {
	if (["true", "on", "yes", "1"].includes(text)) return true;
	if (["false", "off", "no", "0"].includes(text)) return false;
	return unfit("true or false");
};

export const matching =
	(pattern: RegExp, wanted: string): Parser<string> =>
	(text) =>
		pattern.test(text) ? text : unfit(wanted);

const parsed = (text: string): URL | null => (URL.canParse(text) ? new URL(text) : null);

export const urlOf =
	(...schemes: readonly string[]): Parser<string> =>
	(text) => {
		const url = parsed(text);
		const fits = url !== null && schemes.includes(url.protocol.slice(0, -1)) && url.host !== "";
		return fits ? text : unfit(`a URL such as ${schemes.map((scheme) => `${scheme}://host`).join(" or ")}`);
	};

/** One or several of a kind, separated by commas: a NATS cluster names its servers so. */
export const urlsOf = (...schemes: readonly string[]): Parser<string> => {
	const one = urlOf(...schemes);
	return (text) => list(one)(text).join(",");
};

/** Its absolute path. */
export const readableFile: Parser<string> = (text) => {
	try {
		accessSync(text, constants.R_OK);
		return statSync(text).isFile() ? resolve(text) : unfit("the path of a file");
	} catch (error) {
		if (error instanceof Unfit) throw error;
		return unfit("the path of a file that this process may read");
	}
};

/** A replica set's URL names several hosts, which `URL` does not parse; the driver has the last word, we only check the shape. */
export const mongoUrl: Parser<string> = matching(
	/^mongodb(\+srv)?:\/\/([^\s/@]+@)?[^\s/@,]+(,[^\s/@,]+)*(\/\S*)?$/,
	"a URL such as mongodb://host:27017/?replicaSet=rs0",
);

/** Scheme, host and port, nothing after it, as browsers send it in `Origin`. */
export const origin: Parser<string> = (text) => {
	const url = parsed(text);
	const fits = url !== null && /^https?:$/.test(url.protocol) && url.origin === text;
	return fits ? text : unfit("an origin such as https://shop.example (no path, no * )");
};

/** Separated by commas; blanks around them do not count. */
export const list =
	<T>(item: Parser<T>): Parser<readonly T[]> =>
	(text) =>
		text
			.split(",")
			.map((part) => part.trim())
			.filter((part) => part !== "")
			.map(item);

export type RateLimitValue = { readonly count: number; readonly seconds: number } | "off";

export const rateLimit: Parser<RateLimitValue> = (text) => {
	if (text === "off") return "off";
	const found = /^([1-9]\d{0,8})\/([1-9]\d{0,5})$/.exec(text);
	return found ? { count: Number(found[1]), seconds: Number(found[2]) } : unfit("count/seconds such as 100/60, or off");
};

export const email: Parser<string> = matching(/^[^\s@<>"]+@[^\s@<>"]+\.[^\s@<>"]+$/, "an e-mail address");

export const anyText: Parser<string> = (text) => text;

/** A part of all, from 0 to 1. */
export const ratio: Parser<number> = (text) => {
	const value = /^\d{1,3}(\.\d{1,9})?$/.test(text) ? Number(text) : Number.NaN;
	return value <= 1 ? value : unfit("a number from 0 to 1");
};

/** `name=value`, several with commas, the values percent-encoded, as OpenTelemetry's specification has it. */
export const headers: Parser<Readonly<Record<string, string>>> = (text) =>
	Object.fromEntries(
		list((pair) => {
			const [, name, value] = /^([\w-]+)\s*=\s*([!-~]*)$/.exec(pair) ?? [];
			if (name === undefined || value === undefined || !isEncoded(value)) return unfit("name=value pairs with commas in between");
			return [name, decodeURIComponent(value)] as const;
		})(text),
	);

const isEncoded = (value: string): boolean => !/%(?![\da-f]{2})/i.test(value);
