import { useEffect, useState } from "react";
import type { PageProps } from "../../app.tsx";
import { ConversationList } from "./conversation-list.tsx";
import { ConversationPane } from "./conversation-pane.tsx";
import { NewConversation } from "./new-conversation.tsx";

/** One page for the list and what is open: on a phone one of them at a time. */
const ChatPage = ({ me, params }: PageProps) => {
	const open = params.id;
	const [beginning, setBeginning] = useState(false);
	useEffect(() => {
		document.title = "Chat · Souk";
	}, []);
	return (
		<div className="flex h-[calc(100dvh-3.5rem-3.5rem)] md:h-[calc(100dvh-3.5rem)]">
			<section
				aria-label="Conversations"
				className={`w-full flex-col overflow-y-auto border-line border-e p-3 md:flex md:w-80 md:shrink-0 ${open ? "hidden" : "flex"}`}
			>
				<div className="mb-3 flex items-center justify-between gap-2">
					<h1 className="px-1 font-semibold text-2xl">Chat</h1>
					<button type="button" className="btn btn-main btn-small" onClick={() => setBeginning(true)}>
						New
					</button>
				</div>
				<ConversationList me={me.id} open={open} />
			</section>
			<div className={`min-w-0 flex-1 ${open ? "" : "hidden md:block"}`}>
				{open ? (
					<ConversationPane key={open} id={open} me={me.id} />
				) : (
					<p className="grid h-full place-items-center text-muted">Choose a conversation, or begin one.</p>
				)}
			</div>
			{beginning && <NewConversation me={me.id} onClose={() => setBeginning(false)} />}
		</div>
	);
};
export default ChatPage;
