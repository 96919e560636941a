import { useCallback, useLayoutEffect, useMemo, useRef, useState } from "react";
import { Name } from "../../ui/format.tsx";
import { Bubble, type BubbleActions, type Standing } from "./bubble.tsx";
import type { Conversation, View } from "./conversation.ts";
import { keyOf, type Message } from "./message.ts";

/** So near to an edge is at it, in pixels. */
const near = 80;
/** Older messages are fetched before the reader gets to the first one. */
const ahead = 600;

const isAtEnd = (list: HTMLElement): boolean => list.scrollHeight - list.scrollTop - list.clientHeight < near;

const least = (seqs: ReadonlyMap<string, number>, people: readonly string[]): number =>
	people.length === 0 ? 0 : Math.min(...people.map((id) => seqs.get(id) ?? 0));

/** What stands under one's own messages: how far all others have got. */
const useStanding = ({ members, reads, delivered }: View, me: string): ((message: Message) => Standing | null) =>
	useMemo(() => {
		const others = [...members.keys()].filter((id) => id !== me);
		const read = least(reads, others);
		const there = Math.max(read, least(delivered, others));
		return ({ from, seq, text }) => {
			if (from !== me || text === null) return null;
			if (seq === null) return "sending";
			return seq <= read ? "read" : seq <= there ? "delivered" : "sent";
		};
	}, [members, reads, delivered, me]);

const noteWords = { joined: "came in", left: "went" } as const;

interface Anchor {
	key: string;
	top: number;
}

/** The first message on show, and where it stands. */
const anchorIn = (list: HTMLElement): Anchor | null => {
	const top = list.getBoundingClientRect().top;
	for (const row of list.querySelectorAll<HTMLElement>("[data-key]")) {
		const box = row.getBoundingClientRect();
		if (box.bottom > top) return { key: row.dataset.key ?? "", top: box.top };
	}
	return null;
};

/** Keeps the reader where they are: at the end as it grows, or at the message they look at while others come above it. */
const useStay = (messages: readonly Message[]) => {
	const ref = useRef<HTMLDivElement>(null);
	const atEnd = useRef(true);
	const anchor = useRef<Anchor | null>(null);
	const [unseen, setUnseen] = useState(false);
	// biome-ignore lint/correctness/useExhaustiveDependencies: it has to run when the messages have changed, and looks at the page instead of them
	useLayoutEffect(() => {
		const list = ref.current;
		if (!list) return;
		if (atEnd.current) {
			list.scrollTop = list.scrollHeight;
			return;
		}
		const kept = anchor.current;
		const row = kept && list.querySelector<HTMLElement>(`[data-key="${CSS.escape(kept.key)}"]`);
		if (row && kept) list.scrollTop += row.getBoundingClientRect().top - kept.top;
		anchor.current = anchorIn(list);
		setUnseen(!isAtEnd(list));
	}, [messages]);
	const look = useCallback((list: HTMLElement): void => {
		atEnd.current = isAtEnd(list);
		anchor.current = atEnd.current ? null : anchorIn(list);
		if (atEnd.current) setUnseen(false);
	}, []);
	return { ref, atEnd, look, unseen };
};

export const MessageList = ({
	view,
	me,
	conversation,
	actions,
}: {
	view: View;
	me: string;
	conversation: Conversation;
	actions: BubbleActions;
}) => {
	const { messages, members, hasOlder } = view;
	const { ref, atEnd, look, unseen } = useStay(messages);
	const standing = useStanding(view, me);
	const nameOf = (id: string): string => members.get(id) ?? "Somebody who left";
	const onScroll = (): void => {
		const list = ref.current;
		if (!list) return;
		look(list);
		// Not being able to load is shown by the connection's state; the next scroll tries again.
		if (hasOlder && list.scrollTop < ahead) conversation.older().catch(() => undefined);
		if (atEnd.current) {
			conversation.readAll();
			if (messages.length > 500) conversation.trim();
		}
	};
	return (
		<div className="relative min-h-0 flex-1">
			<div
				ref={ref}
				// biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard
				tabIndex={0}
				role="log"
				aria-label="Messages"
				onScroll={onScroll}
				className="h-full overflow-y-auto overscroll-contain px-4 py-3 [overflow-anchor:none]"
			>
				{hasOlder && <p className="py-2 text-center text-muted text-xs">Loading older messages…</p>}
				<ol>
					{messages.map((message) =>
						message.note ? (
							<li key={keyOf(message)} data-key={keyOf(message)} className="py-2 text-center text-muted text-xs">
								<Name>{nameOf(message.note.userId)}</Name> {noteWords[message.note.kind]}
							</li>
						) : (
							<Bubble
								key={keyOf(message)}
								message={message}
								mine={message.from === me}
								writer={members.size > 2 && message.from !== me ? nameOf(message.from) : null}
								standing={standing(message)}
								actions={actions}
							/>
						),
					)}
				</ol>
			</div>
			{unseen && (
				<button
					type="button"
					className="btn btn-main btn-small absolute end-4 bottom-3 shadow-lg"
					onClick={() => ref.current?.scrollTo({ top: ref.current.scrollHeight })}
				>
					To the newest
				</button>
			)}
		</div>
	);
};
