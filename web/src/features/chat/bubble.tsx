import { memo } from "react";
import { clockText, Name } from "../../ui/format.tsx";
import { keyOf, type Message } from "./message.ts";

export type Standing = "sending" | "sent" | "delivered" | "read";

const standings: Readonly<Record<Standing, string>> = { sending: "Sending…", sent: "Sent", delivered: "Delivered", read: "Read" };

export interface BubbleActions {
	edit(message: Message): void;
	remove(message: Message): void;
	drop(message: Message): void;
}

export interface BubbleProps {
	message: Message;
	mine: boolean;
	/** Shown where more than two talk. */
	writer: string | null;
	standing: Standing | null;
	actions: BubbleActions;
}

const Text = ({ message }: { message: Message }) =>
	message.text === null ? (
		<p className="italic opacity-80">Deleted</p>
	) : (
		<p dir="auto" className="whitespace-pre-wrap">
			{message.text}
		</p>
	);

const tool = "rounded px-1.5 py-0.5 text-muted text-xs underline-offset-2 hover:underline";

const Tools = ({ message, actions }: Pick<BubbleProps, "message" | "actions">) => {
	if (message.refused) {
		return (
			<button type="button" className={tool} onClick={() => actions.drop(message)}>
				Remove
			</button>
		);
	}
	if (message.seq === null || message.text === null) return null;
	return (
		<span className="opacity-0 focus-within:opacity-100 group-hover:opacity-100 pointer-coarse:opacity-100">
			<button type="button" className={tool} onClick={() => actions.edit(message)}>
				Edit
			</button>
			<button type="button" className={tool} onClick={() => actions.remove(message)}>
				Delete
			</button>
		</span>
	);
};

export const Bubble = memo(({ message, mine, writer, standing, actions }: BubbleProps) => (
	<li
		className={`group flex flex-col py-0.5 ${mine ? "items-end" : "items-start"}`}
		data-key={keyOf(message)}
		data-seq={message.seq ?? ""}
	>
		{writer !== null && (
			<span className="px-1 text-muted text-xs">
				<Name>{writer}</Name>
			</span>
		)}
		<div
			className={`max-w-[min(36rem,85%)] rounded-2xl px-3.5 py-2 ${mine ? "bg-accent text-accent-ink" : "bg-sunken"}`}
			data-bubble
		>
			<Text message={message} />
		</div>
		<div className="flex min-h-5 items-center gap-1 px-1 text-muted text-xs">
			{mine && <Tools message={message} actions={actions} />}
			<time dateTime={message.at}>{clockText(message.at)}</time>
			{message.edited && message.text !== null && <span>· edited</span>}
			{message.refused ? (
				<span className="text-danger">· Not sent: {message.refused}</span>
			) : (
				standing && <span data-standing={standing}>· {standings[standing]}</span>
			)}
		</div>
	</li>
));
