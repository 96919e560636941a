import { DomainError, type FieldError } from "../../contracts/errors.ts";
import {
	type ClientMessageName,
	type ClientPayload,
	clientMessages,
	HandshakeAuth,
	HandshakeQuery,
	type Namespace,
	namespaceOf,
} from "../../contracts/sockets.ts";
import { streamIdPattern, wellFormed } from "../../contracts/stream-entries.ts";
import { compileCheck } from "../../middlewares/field-errors.ts";

// What clients say, held against contracts/sockets.ts before anything else looks at it.

/** What the patterns say, in words. */
const words: readonly (readonly [pattern: string, words: string])[] = [
	[streamIdPattern, "must be 1 to 64 letters, digits or . _ : -"],
	[wellFormed, "must not have half of a surrogate pair"],
];

const inWords = ({ pointer, detail }: FieldError): FieldError => ({
	pointer,
	detail: words.reduce((text, [pattern, said]) => text.replace(`must match pattern "${pattern}"`, said), detail),
});

type Check = (payload: unknown) => DomainError | null;

const compiled = (schema: Parameters<typeof compileCheck>[0]): Check => {
	const check = compileCheck(schema);
	return (payload) => {
		// Bytes have members too, so a schema that asks for none would take them.
		const errors = ArrayBuffer.isView(payload) ? [{ pointer: "", detail: "must be object" }] : check(payload);
		return errors && new DomainError("VALIDATION", undefined, { errors: errors.map(inWords) });
	};
};

/** By message of a client: null if its payload is as contracts/sockets.ts says, else VALIDATION with JSON Pointers into the payload. */
export const requestChecks = Object.fromEntries(
	Object.entries(clientMessages).map(([name, { payload }]) => [name, compiled(payload)]),
) as Readonly<Record<ClientMessageName, Check>>; // of each name of the table

/** The payload as its type; throws VALIDATION with JSON Pointers into it. */
export const requestOf = <N extends ClientMessageName>(name: N, payload: unknown): ClientPayload<N> => {
	const error = requestChecks[name](payload);
	if (error) throw error;
	return payload as ClientPayload<N>;
};

export interface Handshake extends HandshakeAuth {
	stream: string;
}

const checkQuery = compiled(HandshakeQuery);
const checkAuth = compiled(HandshakeAuth);

/** An absent token is no mistake in the form: whoever has none signs in first. */
const refusalOf = (error: DomainError): DomainError =>
	error.extras.errors?.some(({ pointer }) => pointer === "/token" || pointer === "") ? new DomainError("UNAUTHORIZED") : error;

/**
 * What a client came with. Throws STREAM_REQUIRED, WRONG_STREAM (the stream is of the other namespace), UNAUTHORIZED (no token), or
 * VALIDATION with JSON Pointers into `auth`. Whether the token is good is for others to see.
 */
export const handshakeOf = (namespace: Namespace, query: unknown, auth: unknown): Handshake => {
	if (checkQuery(query)) throw new DomainError("STREAM_REQUIRED", "stream_id must be 1 to 64 letters, digits or . _ : -");
	const { stream_id: stream } = query as { stream_id: string };
	const right = namespaceOf(stream);
	if (right !== namespace)
		throw new DomainError("WRONG_STREAM", `This stream is of ${right}; give it a connection of its own (forceNew)`);
	const error = checkAuth(auth);
	if (error) throw refusalOf(error);
	const { token, after, lastId, last } = auth as HandshakeAuth;
	return {
		stream,
		token,
		...(after !== undefined && { after }),
		...(lastId !== undefined && { lastId }),
		...(last !== undefined && { last }),
	};
};
