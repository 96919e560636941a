// What never stands in a log, whoever logs it: values under telling names, passwords in URLs, bearer and JSON web tokens,
// refresh tokens and those of links in mails, service keys and Stripe's keys in text.

const telling = /pass(word|wd)?$|secret|token|authorization|cookie|api-?key|credential|private|jwt|jwk/i;
const mask = "[redacted]";
const maxDepth = 6;

export const redactText = (text: string): string =>
	text
		.replace(/\/\/[^\s/@]*:[^\s/@]*@/g, `//${mask}@`)
		.replace(/\b(Bearer|Basic)\s+[\w.~+/=-]{8,}/gi, `$1 ${mask}`)
		.replace(/\b(souk_[a-z2-7]{24})\.[\w-]+/g, `$1.${mask}`)
		.replace(/\b([\w-]{1,64}\.(?:[a-z2-7]{24}|\d{1,15}))\.[\w-]{43}(?![\w-])/g, `$1.${mask}`)
		.replace(/\b(?:[sr]k_(?:test|live)|whsec)_\w{4,}/g, mask)
		.replace(/\beyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]+/g, mask);

const redactError = (error: Error): Record<string, unknown> => {
	const { code, type } = error as { code?: unknown; type?: unknown };
	return {
		name: error.name,
		message: redactText(error.message),
		...(code === undefined ? {} : { code }),
		...(type === undefined ? {} : { type }),
		stack: redactText(error.stack ?? ""),
		...(error.cause instanceof Error ? { cause: redactError(error.cause) } : {}),
	};
};

/** A copy that is safe to print. Too deep or too circular parts become a word. */
export const redact = (value: unknown, depth = 0): unknown => {
	if (typeof value === "string") return redactText(value);
	if (typeof value === "bigint" || typeof value === "function") return String(value);
	if (value === null || typeof value !== "object") return value;
	if (value instanceof Error) return redactError(value);
	if (depth >= maxDepth) return "[deep]";
	if (Array.isArray(value)) return value.map((part) => redact(part, depth + 1));
	if (ArrayBuffer.isView(value)) return `[${value.byteLength} bytes]`;
	return Object.fromEntries(
		Object.entries(value).map(([name, part]) => [name, telling.test(name) ? mask : redact(part, depth + 1)]),
	);
};
