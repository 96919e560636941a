import { useEffect, useMemo, useState } from "react";
import { toast } from "sonner";
import { wordsOf } from "../../api/problem.ts";
import { useStore } from "../../api/store.ts";
import { Dialog } from "../../ui/dialog.tsx";
import { Empty, Skeletons } from "../../ui/states.tsx";
import type { BubbleActions } from "./bubble.tsx";
import { Composer } from "./composer.tsx";
import type { Conversation } from "./conversation.ts";
import { ConversationHead } from "./conversation-head.tsx";
import type { Message } from "./message.ts";
import { MessageList } from "./message-list.tsx";
import { hold, release } from "./open-conversations.ts";
import { titleOf, useConversations } from "./queries.ts";

const useConversation = (id: string, me: string): Conversation | null => {
	const [conversation, setConversation] = useState<Conversation | null>(null);
	useEffect(() => {
		setConversation(hold(id, me));
		return () => release(id);
	}, [id, me]);
	return conversation;
};

/** Read is what came while somebody could see it. */
const useReading = (conversation: Conversation, newest: number): void => {
	useEffect(() => {
		const look = (): void => {
			if (newest > 0 && document.visibilityState === "visible") conversation.readAll();
		};
		look();
		document.addEventListener("visibilitychange", look);
		return () => document.removeEventListener("visibilitychange", look);
	}, [conversation, newest]);
};

const complain = (error: unknown): void => void toast.error(wordsOf(error));

const Talk = ({ id, conversation, me }: { id: string; conversation: Conversation; me: string }) => {
	const view = useStore(conversation.view);
	const listed = useConversations().data?.items.find(({ streamId }) => streamId === id);
	const [editing, setEditing] = useState<Message | null>(null);
	const [removing, setRemoving] = useState<Message | null>(null);
	useReading(conversation, view.messages.findLast(({ seq }) => seq !== null)?.seq ?? 0);
	const actions = useMemo<BubbleActions>(
		() => ({ edit: setEditing, remove: setRemoving, drop: ({ id: refused }) => conversation.drop(refused) }),
		[conversation],
	);
	const send = (text: string): void => {
		if (editing) conversation.amend(editing.id, text).catch(complain);
		else conversation.post(text);
		setEditing(null);
	};
	const members = [...view.members].map(([memberId, name]) => ({ id: memberId, name }));
	const title = listed ? titleOf(listed, me) : view.known ? titleOf({ members }, me) : "…";
	if (view.state === "closed" && !view.known) return <Empty title="This conversation is not yours">{view.error}</Empty>;
	return (
		<section aria-label="Conversation" className="flex h-full min-h-0 flex-col" data-live={view.state}>
			<ConversationHead title={title} view={view} me={me} conversation={listed} />
			{view.known || view.messages.length > 0 ? (
				<MessageList view={view} me={me} conversation={conversation} actions={actions} />
			) : (
				<div className="min-h-0 flex-1 p-4">
					<Skeletons className="h-12" />
				</div>
			)}
			<Composer
				key={editing?.id ?? "new"}
				editing={editing}
				onSend={send}
				onTyping={() => conversation.typing()}
				onCancel={() => setEditing(null)}
			/>
			{removing && (
				<Dialog title="Delete this message?" onClose={() => setRemoving(null)}>
					<p className="mb-4 line-clamp-4 text-muted" dir="auto">
						{removing.text}
					</p>
					<button
						type="button"
						className="btn btn-danger"
						onClick={() => {
							conversation.amend(removing.id, null).catch(complain);
							setRemoving(null);
						}}
					>
						Delete it for everybody
					</button>
				</Dialog>
			)}
		</section>
	);
};

export const ConversationPane = ({ id, me }: { id: string; me: string }) => {
	const conversation = useConversation(id, me);
	return conversation && <Talk id={id} conversation={conversation} me={me} />;
};
