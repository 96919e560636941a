/** One line of a conversation as it is shown. */
export interface Message {
	/** Of its poster's own choosing, so only with `from` is it one message. */
	id: string;
	from: string;
	/** Null until the server has said. */
	seq: number | null;
	at: string;
	/** Null: deleted or erased. */
	text: string | null;
	edited?: true;
	/** `refused`: why it will never go out. */
	refused?: string;
	/** Somebody came or went. */
	note?: { kind: "joined" | "left"; userId: string };
}

export const keyOf = ({ from, id }: Pick<Message, "from" | "id">): string => `${from} ${id}`;

/** By seq; what has none yet comes last, in the order it was written. */
export const inOrder = (a: Message, b: Message): number =>
	(a.seq ?? Number.MAX_SAFE_INTEGER) - (b.seq ?? Number.MAX_SAFE_INTEGER);
