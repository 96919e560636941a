import type { ErrorCode, FieldError } from "../../../contracts/errors.ts";

/** `OFFLINE`: nobody answered. */
export type RefusalCode = ErrorCode | "OFFLINE";

/** A refusal of the API, or that nobody answered. Its message is for people. */
export class Refused extends Error {
	override readonly name = "Refused";
	readonly code: RefusalCode;
	readonly status: number;
	readonly fields: readonly FieldError[];
	/** Seconds. */
	readonly retryAfter: number;

	constructor(code: RefusalCode, status: number, message: string, fields: readonly FieldError[] = [], retryAfter = 0) {
		super(message);
		this.code = code;
		this.status = status;
		this.fields = fields;
		this.retryAfter = retryAfter;
	}

	/** What is wrong with a member of the body, if anything is. */
	field(name: string): string | undefined {
		return this.fields.find(({ pointer }) => pointer === `/${name}` || pointer.startsWith(`/${name}/`))?.detail;
	}
}

const passing: readonly RefusalCode[] = ["OFFLINE", "UNAVAILABLE", "INTERNAL", "RATE_LIMITED", "REQUEST_IN_FLIGHT"];

/** The same may work in a moment. */
export const mayPass = (error: unknown): boolean => error instanceof Refused && passing.includes(error.code);

export const wordsOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

interface ProblemBody {
	code?: ErrorCode;
	detail?: string;
	title?: string;
	errors?: FieldError[];
}

export const refusedBy = async (answer: Response): Promise<Refused> => {
	// A proxy in between may answer with a page instead of a problem.
	const body = (await answer.json().catch(() => ({}))) as ProblemBody;
	const words = body.detail ?? body.title ?? `The server answered ${answer.status}`;
	const retryAfter = Number(answer.headers.get("Retry-After") ?? 0);
	return new Refused(
		body.code ?? (answer.status >= 500 ? "UNAVAILABLE" : "VALIDATION"),
		answer.status,
		words,
		body.errors,
		retryAfter,
	);
};

export const nobodyAnswered = (): Refused => new Refused("OFFLINE", 0, "There is no connection to Souk right now");
