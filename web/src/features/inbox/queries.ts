import { useInfiniteQuery } from "@tanstack/react-query";
import type { NotificationItem } from "../../../../contracts/http/notifications.ts";
import type { CountersMessage } from "../../../../contracts/stream-messages.ts";
import { get, type Page, post, withQuery } from "../../api/http.ts";
import { queries } from "../../api/queries.ts";
import { count, usePace } from "../../live/inbox.ts";

export type Filter = "" | "unread" | "archived";

type NotificationPage = Page<NotificationItem> & { counters: CountersMessage };

export const useNotifications = (filter: Filter) => {
	const pace = usePace(60_000, 5_000);
	return useInfiniteQuery({
		queryKey: ["notifications", filter],
		queryFn: async ({ pageParam }) => {
			const page = await get<NotificationPage>(withQuery("/v1/notifications", { filter, limit: 15, cursor: pageParam }));
			count(page.counters);
			return page;
		},
		initialPageParam: undefined as string | undefined,
		getNextPageParam: ({ nextCursor }) => nextCursor ?? undefined,
		refetchInterval: pace,
	});
};

/** Seen, read, put away: what it answers counts at once. */
export const act = async (path: string, body: object = {}): Promise<void> => {
	const { counters } = await post<{ counters: CountersMessage }>(`/v1/notifications/${path}`, body);
	count(counters);
	void queries.invalidateQueries({ queryKey: ["notifications"] });
};
