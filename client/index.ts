export type {
	CountersMessage,
	PresenceMessage,
	ProblemMessage,
	ReadyMessage,
	ReceiptMessage,
	TypingMessage,
} from "../contracts/stream-messages.ts";
export type { Entry } from "../realtime/entry.ts";
export { connect, SoukClient } from "./client.ts";
export { SoukError, type SoukErrorCode } from "./errors.ts";
export type { Stream } from "./stream.ts";
export type { TokenSource } from "./token.ts";
export type { ClientOptions, FollowOptions, Posted, StreamEvents, StreamState } from "./types.ts";
