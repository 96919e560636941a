import type { ConversationView } from "../../../../contracts/http/chat.ts";
import { Link } from "../../router/router.tsx";
import { Time } from "../../ui/format.tsx";
import { Empty, Loading, Skeletons } from "../../ui/states.tsx";
import { previewOf, titleOf, useConversations } from "./queries.ts";

const Row = ({ conversation, me, isOpen }: { conversation: ConversationView; me: string; isOpen: boolean }) => {
	const { streamId, unread, lastEntry, mutedUntil } = conversation;
	// The open one is read as it comes.
	const count = isOpen ? 0 : unread;
	return (
		<li>
			<Link
				to={`/app/chat/${streamId}`}
				aria-current={isOpen ? "page" : undefined}
				className="grid min-h-16 grid-cols-[1fr_auto] gap-x-2 rounded-lg px-3 py-2 hover:bg-sunken aria-[current]:bg-accent-soft"
				data-conversation={streamId}
			>
				<span className={`truncate ${count > 0 ? "font-semibold" : "font-medium"}`} dir="auto">
					{titleOf(conversation, me)}
				</span>
				<span className="text-muted text-xs">{lastEntry && <Time at={lastEntry.at} />}</span>
				<span className="truncate text-muted text-sm" dir="auto">
					{previewOf(conversation)}
				</span>
				<span className="justify-self-end">
					{count > 0 && (
						<span className="rounded-full bg-accent px-2 py-0.5 font-semibold text-accent-ink text-xs" data-unread={count}>
							{count > 99 ? "99+" : count}
							<span className="sr-only"> unread</span>
						</span>
					)}
					{mutedUntil && <span className="text-muted text-xs">muted</span>}
				</span>
			</Link>
		</li>
	);
};

export const ConversationList = ({ me, open }: { me: string; open: string | undefined }) => (
	<Loading of={useConversations()} skeleton={<Skeletons className="h-16" />}>
		{({ items }) =>
			items.length === 0 ? (
				<Empty title="No conversations yet">Begin one with somebody.</Empty>
			) : (
				<ul className="grid gap-1">
					{items.map((conversation) => (
						<Row key={conversation.streamId} conversation={conversation} me={me} isOpen={conversation.streamId === open} />
					))}
				</ul>
			)
		}
	</Loading>
);
