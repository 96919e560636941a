import { ErrorCode, NatsError } from "nats";

// Numbers of JetStream's errors: https://github.com/nats-io/nats-server/blob/main/server/errors.json
const numbers = {
	noPeers: 10005,
	clusterAway: 10008,
	noStream: 10059,
	noConsumer: 10014,
	noMessage: 10037,
	noSequence: 10043,
	streamDiffers: 10058,
} as const;

export const isApiError = (error: unknown, which: keyof typeof numbers): boolean =>
	error instanceof NatsError && error.api_error?.err_code === numbers[which];

/** Nobody took the message: no stream listens on its subject, or JetStream is not up (yet). */
export const isUnheard = (error: unknown): boolean => error instanceof NatsError && error.code === ErrorCode.NoResponders;

/**
 * A server that has just started answers nothing, or that nobody listens, until JetStream has loaded its streams; one of several, that it has no
 * leader or too few peers, until they have found each other.
 */
export const isNotReady = (error: unknown): boolean =>
	isUnheard(error) ||
	isApiError(error, "noPeers") ||
	isApiError(error, "clusterAway") ||
	(error instanceof NatsError && error.code === ErrorCode.Timeout);

/** More than the server's `max_payload`. */
export const isTooLarge = (error: unknown): boolean => error instanceof NatsError && error.code === ErrorCode.MaxPayloadExceeded;
