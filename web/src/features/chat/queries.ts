import { useQuery } from "@tanstack/react-query";
import type { ConversationView } from "../../../../contracts/http/chat.ts";
import type { EntryBodies } from "../../../../contracts/stream-entries.ts";
import { get, type Page } from "../../api/http.ts";

/** No socket tells of conversations that are not open: the list is asked for while it is on show. */
const pace = 4_000;

export const useConversations = () =>
	useQuery({
		queryKey: ["conversations"],
		queryFn: () => get<Page<ConversationView>>("/v1/conversations?limit=100"),
		refetchInterval: pace,
	});

export const titleOf = ({ title, members }: Pick<ConversationView, "title" | "members">, me: string): string => {
	const others = members.filter(({ id }) => id !== me).map(({ name }) => name);
	return title ?? (others.join(", ") || "Only you");
};

export const previewOf = ({ lastEntry, members }: ConversationView): string => {
	if (!lastEntry) return "No messages yet";
	const who = members.find(({ id }) => id === lastEntry.from)?.name ?? "Somebody";
	switch (lastEntry.type) {
		case "message.posted":
		case "message.edited":
			return (lastEntry.body as EntryBodies["message.posted"] | null)?.text ?? "Erased";
		case "message.deleted":
			return `${who} deleted a message`;
		default:
			return `${who} changed who is here`;
	}
};
