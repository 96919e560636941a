import type { Target } from "./wire.ts";

const calls: Readonly<Record<string, (data: Record<string, unknown>) => string>> = {
	post: ({ text, id }) =>
		`const { seq, at } = await stream.post(${JSON.stringify(text)}${id === undefined ? "" : `, ${JSON.stringify(id)}`});`,
	amend: ({ target, text }) => `await stream.amend(${JSON.stringify(target)}, ${JSON.stringify(text)});`,
	read: ({ seq }) => `await stream.read(${JSON.stringify(seq)});`,
	delivered: ({ seq }) => `await stream.delivered(${JSON.stringify(seq)});`,
	history: ({ before, limit }) => `const entries = await stream.history(${JSON.stringify(before)}, ${JSON.stringify(limit)});`,
	typing: () => "stream.typing();",
};

/** What was done by hand, as a program with the SDK. */
export const sdkCode = (origin: string, { namespace, stream, after }: Target, event: string, data: unknown): string => {
	const options = after === undefined ? "" : `, { after: ${after} }`;
	const follow =
		namespace === "/chat"
			? `souk.conversation(${JSON.stringify(stream)}${options})`
			: `souk.inbox(${JSON.stringify(stream.replace(/^inbox-/, ""))}${options})`;
	const call = calls[event]?.((data ?? {}) as Record<string, unknown>);
	return [
		'import { connect } from "./client/index.ts";',
		"",
		`const souk = connect({ url: ${JSON.stringify(origin)}, token: () => accessToken() });`,
		`const stream = ${follow};`,
		'stream.on("state", (state) => console.log(state.kind));',
		...(call ? [call] : []),
		"for await (const entry of stream) console.log(entry);",
		"",
	].join("\n");
};
