// Every error that leaves the system, in one table: the code is the contract, the status goes with it.

interface ErrorRow {
	readonly status: number;
	readonly title: string;
	/** The same request may succeed later without a change. */
	readonly retryable?: true;
}

const table = {
	VALIDATION: { status: 400, title: "The request is not valid" },
	BAD_SIGNATURE: { status: 400, title: "The signature does not match" },
	STREAM_REQUIRED: { status: 400, title: "The connection names no stream" },
	WRONG_STREAM: { status: 400, title: "This stream is not of this namespace" },
	UNAUTHORIZED: { status: 401, title: "Sign in first" },
	TOKEN_EXPIRED: { status: 401, title: "The access token has expired" },
	BAD_CREDENTIALS: { status: 401, title: "E-mail or password is wrong" },
	FORBIDDEN: { status: 403, title: "Your role or scope does not allow this" },
	NOT_FOUND: { status: 404, title: "There is no such thing" },
	METHOD_NOT_ALLOWED: { status: 405, title: "This path does not know that method" },
	TRANSITION_REFUSED: { status: 409, title: "The current status does not allow this" },
	REQUEST_IN_FLIGHT: { status: 409, title: "The first request with this key is still running", retryable: true },
	EMAIL_TAKEN: { status: 409, title: "This e-mail address is already registered" },
	ORDER_EXISTS: { status: 409, title: "An order with this id exists and differs" },
	ID_REUSED: { status: 409, title: "This id was used for something else" },
	VERSION_CONFLICT: { status: 412, title: "It was changed in the meantime" },
	PAYLOAD_TOO_LARGE: { status: 413, title: "The body is too large" },
	UNSUPPORTED_MEDIA_TYPE: { status: 415, title: "This media type is not understood" },
	IDEMPOTENCY_KEY_REUSED: { status: 422, title: "This Idempotency-Key was used for another request" },
	UNKNOWN_PRODUCT: { status: 422, title: "A product of the order does not exist" },
	OUT_OF_STOCK: { status: 422, title: "There is not enough stock" },
	MIXED_SELLERS: { status: 422, title: "An order takes products of one seller" },
	MIXED_CURRENCIES: { status: 422, title: "An order takes products of one currency" },
	CUSTOMER_NOT_FOUND: { status: 422, title: "The customer does not exist or is not active" },
	RATE_LIMITED: { status: 429, title: "Too many requests", retryable: true },
	INTERNAL: { status: 500, title: "Something went wrong on our side", retryable: true },
	UNAVAILABLE: { status: 503, title: "A part of the service is not available right now", retryable: true },
	STREAM_OVERLOADED: { status: 503, title: "This stream takes no more posts right now", retryable: true },
} as const satisfies Record<string, ErrorRow>;

export type ErrorCode = keyof typeof table;
export const errorTable: Readonly<Record<ErrorCode, ErrorRow>> = table;

export const isErrorCode = (code: unknown): code is ErrorCode => typeof code === "string" && Object.hasOwn(table, code);

/** One field that is wrong: a JSON Pointer (RFC 6901) into the body, or `/name` for a path or query parameter or a header. */
export interface FieldError {
	pointer: string;
	detail: string;
}

/** Members that a problem may carry beyond RFC 9457's own; they are public. */
export interface ErrorExtras {
	errors?: readonly FieldError[];
	from?: string;
	to?: string;
	allowed?: readonly string[];
	/** Seconds, becomes `Retry-After`. */
	retryAfter?: number;
	/** Why /health/ready says no: members of the Health schema. */
	checks?: readonly object[];
	consumers?: readonly object[];
}

/**
 * A refusal that the domain chose. Pure code throws it; middlewares/domain-errors.ts puts it on the wire, where only `type`
 * (the code), `code` (the status), `message` and `data` (the extras) survive.
 */
export class DomainError extends Error {
	override readonly name = "DomainError";
	readonly code: ErrorCode;
	readonly extras: ErrorExtras;
	constructor(code: ErrorCode, detail?: string, extras: ErrorExtras = {}) {
		super(detail ?? errorTable[code].title);
		this.code = code;
		this.extras = extras;
	}
}

/** `application/problem+json`, RFC 9457, with our `code` and `requestId`. */
export interface Problem {
	type: string;
	title: string;
	status: number;
	detail: string;
	code: ErrorCode;
	requestId: string;
	errors?: readonly FieldError[];
	from?: string;
	to?: string;
	allowed?: readonly string[];
	checks?: readonly object[];
	consumers?: readonly object[];
}

export const problemType = (code: ErrorCode): string => `/problems/${code.toLowerCase().replaceAll("_", "-")}`;

export const toProblem = (code: ErrorCode, requestId: string, detail?: string, extras: ErrorExtras = {}): Problem => {
	const { status, title } = errorTable[code];
	const { retryAfter: _header, ...members } = extras;
	const problem = { type: problemType(code), title, status, detail: detail ?? title, code, requestId, ...members };
	if (code !== "VALIDATION" || problem.errors) return problem;
	// Clients read `errors` of every such problem; what is wrong with no one field is wrong with the whole.
	return { ...problem, errors: [{ pointer: "", detail: problem.detail }] };
};
