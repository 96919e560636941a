import type { TSchema } from "typebox";
import { type Components, type Json, refer } from "./refer.ts";

// What the parts of the AsyncAPI document are made with.

export interface Channel extends Json {
	messages: Record<string, Json>;
}

/** The document while it is made. */
export interface Document {
	readonly channels: Record<string, Channel>;
	readonly operations: Record<string, Json>;
	readonly messages: Record<string, Json>;
	readonly schemas: Components;
}

interface About extends Json {
	/** As it is called on the wire. */
	name: string;
	payload: TSchema;
	headers?: TSchema | undefined;
}

/** With the schemas that have a name among the components. */
export const message = ({ schemas }: Document, { payload, headers, ...about }: About): Json => ({
	...about,
	contentType: "application/json",
	...(headers && { headers: refer(headers, schemas) }),
	payload: refer(payload, schemas),
});

export const channelRef = (name: string): Json => ({ $ref: `#/channels/${name}` });
export const messageRef = (name: string): Json => ({ $ref: `#/components/messages/${name}` });

export const own = <T>(table: Readonly<Record<string, T>>, name: string): T => {
	const found = table[name];
	if (found === undefined) throw new Error(`there is no ${name}`);
	return found;
};
