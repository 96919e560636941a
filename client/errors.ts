import type { ErrorCode } from "../contracts/errors.ts";

/** `CLOSED`: this side closed the stream. `TIMEOUT`: the server did not answer in time; for a post that cannot happen, it is sent again. */
export type SoukErrorCode = ErrorCode | "CLOSED" | "TIMEOUT";

export interface Refusal {
	code: SoukErrorCode;
	title?: string;
	detail?: string;
	retryable?: boolean;
}

/** A refusal by the server, or the end of this stream. `retryable`: the same may work later. */
export class SoukError extends Error {
	override readonly name = "SoukError";
	readonly code: SoukErrorCode;
	readonly retryable: boolean;

	constructor({ code, title, detail, retryable = false }: Refusal) {
		super(detail ?? title ?? code);
		this.code = code;
		this.retryable = retryable;
	}
}
