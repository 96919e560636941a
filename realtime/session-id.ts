import { createHash, randomBytes } from "node:crypto";

// The id of an engine.io session names the node that made it, so that its polling requests and its upgrade find that node although
// the ring has moved. It names it by a hash of the key of that start: a node that started again is another one.

const form = /^[A-Za-z0-9_-]{24}\.([0-9a-f]{12})$/;

export const tagOf = (key: string): string => createHash("sha256").update(`session:${key}`).digest("hex").slice(0, 12);

/** 144 random bits: who knows the id of a session can read it. */
export const newSessionId = (tag: string): string => `${randomBytes(18).toString("base64url")}.${tag}`;

/** Null for an id of another form. */
export const tagIn = (sessionId: string): string | null => form.exec(sessionId)?.[1] ?? null;
