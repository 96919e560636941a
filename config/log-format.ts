import { inspect } from "node:util";
import { redact, redactText } from "./redact.ts";

// How a line of the log looks; given to Moleculer's console logger by moleculer.config.ts.

export interface LogBindings {
	nodeID: string;
	/** The service's name, or the part of Moleculer that speaks. */
	mod: string;
}

/** Of what the line was logged for. */
export interface LogIds {
	requestId: string;
	traceId: string;
}

export type LogFormat = (level: string, args: readonly unknown[], bindings: LogBindings, ids?: LogIds) => unknown[];

const asText = (arg: unknown): string => {
	if (typeof arg === "string") return redactText(arg);
	if (arg instanceof Error) return redactText(arg.stack ?? arg.message);
	return inspect(redact(arg), { depth: 6, breakLength: Number.POSITIVE_INFINITY });
};

/** One JSON object a line: time, level, node, service, message, requestId and traceId, error, and data for what else was said. */
export const jsonLine: LogFormat = (level, args, { nodeID, mod }, ids) => {
	const error = args.find((arg) => arg instanceof Error);
	const data = args.filter((arg) => typeof arg === "object" && arg !== null && arg !== error);
	const message = args.filter((arg) => typeof arg !== "object" || arg === null).map(asText);
	const line = {
		time: new Date().toISOString(),
		level,
		node: nodeID,
		service: mod,
		message: message.join(" ") || error?.message || "",
		...ids,
		...(error ? { error: redact(error) } : {}),
		...(data.length > 0 ? { data: redact(data.length === 1 ? data[0] : data) } : {}),
	};
	return [JSON.stringify(line)];
};

/** For people: time, level, service, what was said. */
export const prettyLine: LogFormat = (level, args, { mod }, ids) => {
	const time = new Date().toISOString().slice(11, 23);
	const where = ids ? ` (request ${ids.requestId}, trace ${ids.traceId})` : "";
	return [`${time} ${level.toUpperCase().padEnd(5)} ${mod}: ${args.map(asText).join(" ")}${where}`];
};
