import { type ErrorCode, errorTable, problemType } from "../../contracts/errors.ts";

// What the pages behind a problem's `type` say: what it means, and what a client does about it.

const explanations: Readonly<Record<ErrorCode, string>> = {
	VALIDATION:
		"Something in the request has the wrong form. `errors` names each field with a JSON Pointer (RFC 6901). Correct it; the same request fails again.",
	BAD_SIGNATURE:
		"The signature header is missing, malformed, too old, or made with another secret. Sign the bytes exactly as they are sent.",
	STREAM_REQUIRED: "A socket follows one stream: connect with the query parameter stream_id.",
	WRONG_STREAM:
		"Ids that begin with inbox- belong to /notifications, all others to /chat. Where two namespaces share a connection, the second one comes with the first one's stream_id: connect with forceNew.",
	UNAUTHORIZED:
		"This needs an access token in the Authorization header (or, where programs may call, a service key in X-Api-Key), and there was none, or it is not valid, or its session has ended or the key was revoked. Log in.",
	TOKEN_EXPIRED: "Access tokens live for minutes. Trade the refresh token for new ones and send the request again.",
	BAD_CREDENTIALS: "The e-mail address or the password is wrong; which of them is not told.",
	FORBIDDEN: "We know who you are, but this takes a role or a scope that you do not have.",
	NOT_FOUND: "There is nothing here, or nothing that is yours to see.",
	METHOD_NOT_ALLOWED: "The path exists, but not with this method. The Allow header lists those it knows.",
	TRANSITION_REFUSED:
		"The current status does not allow this move. `from` and `to` say which was tried, `allowed` what is possible now.",
	REQUEST_IN_FLIGHT:
		"A request with this Idempotency-Key is still running. Wait as long as Retry-After says and send it again: you get its answer.",
	EMAIL_TAKEN: "Somebody has registered with this e-mail address. Log in, or reset the password.",
	ORDER_EXISTS: "An order document with this id was taken in before, with other content.",
	ID_REUSED: "This id was used before for something with other content. Choose a new one.",
	VERSION_CONFLICT: "It was changed since you read it: If-Match names another version. Read it again and decide anew.",
	PAYLOAD_TOO_LARGE: "A body may have 1 MiB.",
	UNSUPPORTED_MEDIA_TYPE: "The body's Content-Type is not one that this path takes, mostly application/json in UTF-8.",
	IDEMPOTENCY_KEY_REUSED:
		"This Idempotency-Key came before with another body. A key belongs to one request: make a new one for each.",
	UNKNOWN_PRODUCT: "A product of the order does not exist. Nothing was ordered.",
	OUT_OF_STOCK: "There is less in stock than the order asks for. Nothing was ordered.",
	MIXED_SELLERS: "An order takes products of one seller. Place one order for each.",
	MIXED_CURRENCIES: "An order takes products of one currency. Place one order for each.",
	CUSTOMER_NOT_FOUND: "The customer does not exist or is not active.",
	RATE_LIMITED:
		"Too many requests in the current window. Wait as long as Retry-After says; RateLimit and RateLimit-Policy tell how much is left.",
	INTERNAL:
		"Something went wrong on our side, and it was logged under the requestId. The request may be sent again, with the same Idempotency-Key if it had one.",
	UNAVAILABLE:
		"A part of the system does not answer right now. Send the request again after Retry-After, with the same Idempotency-Key if it had one.",
	STREAM_OVERLOADED: "This conversation takes no more posts right now. Send it again, with the same id, after Retry-After.",
};

export interface Explanation {
	code: ErrorCode;
	status: number;
	title: string;
	text: string;
	retryable: boolean;
}

const byPath = new Map(
	(Object.keys(errorTable) as ErrorCode[]).map((code) => {
		const { status, title, retryable = false } = errorTable[code];
		return [problemType(code), { code, status, title, retryable, text: explanations[code] }] as const;
	}),
);

/** By the last part of the problem's `type`, such as `version-conflict`. */
export const explanationOf = (name: string): Explanation | undefined => byPath.get(`/problems/${name}`);
export const explained: readonly Explanation[] = [...byPath.values()];
