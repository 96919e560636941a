import { DomainError, toProblem } from "../../contracts/errors.ts";
import { documentLimit, type IntakeOutcome } from "../../contracts/intake.ts";
import { linesType } from "../../contracts/media.ts";
import type { Tools } from "./endpoint.ts";
import type { Outgoing, RestRequest } from "./http.ts";
import { inOrder } from "./in-order.ts";
import { batchesOf, type Line } from "./lines.ts";
import { demandMedia } from "./read-body.ts";
import { refusalOf } from "./refusal.ts";

// An NDJSON body of any length, answered line by line: batches of lines travel to the service as ordinary calls, so they go to any
// node and are sent again if one dies. A sender that does not read its answers is not read from.

/** A batch crosses the bus as one message: JSON inside JSON may grow sixfold, and NATS takes 1 MiB. */
const batch = { lineLimit: documentLimit, maxLines: 100, maxBytes: 128 * 1024 };
const batchesInFlight = 4;

export const sendsLines = (req: RestRequest): boolean =>
	(req.headers["content-type"] ?? "").split(";")[0]?.trim().toLowerCase() === linesType;

const refusedLine = ({ wrong }: Extract<Line, { wrong: string }>): DomainError => {
	if (wrong === "too long") return new DomainError("PAYLOAD_TOO_LARGE", "A line may have 64 KiB");
	return new DomainError("VALIDATION", undefined, { errors: [{ pointer: "", detail: "is not UTF-8" }] });
};

const problemLine = (req: RestRequest, error: unknown): string =>
	`${JSON.stringify({ ok: false, problem: refusalOf(error, req.requestId, false).problem })}\n`;

const outcomeLine = (req: RestRequest, outcome: IntakeOutcome): string => {
	if (outcome.ok) return `${JSON.stringify({ ok: true, id: outcome.id })}\n`;
	const { code, detail, errors } = outcome;
	return `${JSON.stringify({ ok: false, problem: toProblem(code, req.requestId, detail, errors ? { errors } : {}) })}\n`;
};

/** The service's outcome of each of these texts, as lines; if it does not answer, that is the outcome of all of them. */
const ask = async (
	{ call, logger }: Tools,
	req: RestRequest,
	action: string,
	documents: readonly string[],
): Promise<string[]> => {
	if (documents.length === 0) return [];
	try {
		// A meta for each batch: they run side by side.
		const outcomes = await call<IntakeOutcome[]>(action, { documents }, req.requestId, { ...req.meta });
		return outcomes.map((outcome) => outcomeLine(req, outcome));
	} catch (error) {
		const { unexpected } = refusalOf(error, req.requestId, false);
		if (unexpected) logger.error(`${action} failed`, error);
		return documents.map(() => problemLine(req, error));
	}
};

const answerBatch = async (tools: Tools, req: RestRequest, action: string, lines: readonly Line[]): Promise<string> => {
	const texts = lines.flatMap((line) => ("text" in line ? [line.text] : []));
	const answers = (await ask(tools, req, action, texts)).values();
	return lines.map((line) => ("text" in line ? answers.next().value : problemLine(req, refusedLine(line)))).join("");
};

/** Once the connection is gone nothing can be said, and lines that were cut off are none. */
export const answerLines = (tools: Tools, req: RestRequest, action: string): Outgoing => {
	demandMedia(req, [linesType]);
	return {
		status: 200,
		headers: { "Content-Type": linesType, "Cache-Control": "no-store" },
		body: inOrder(batchesOf(req, batch), (lines) => answerBatch(tools, req, action, lines), batchesInFlight),
	};
};
