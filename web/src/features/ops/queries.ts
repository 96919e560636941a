import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import type { NodeView, RingView } from "../../../../contracts/http/admin.ts";
import { get, type Page, withQuery } from "../../api/http.ts";

export const useNodes = () =>
	useQuery({
		queryKey: ["ops", "nodes"],
		queryFn: () => get<Page<NodeView>>("/v1/admin/nodes?limit=100"),
		refetchInterval: 3_000,
	});

export const useRing = (stream: string) =>
	useQuery({
		queryKey: ["ops", "ring", stream],
		queryFn: () => get<RingView>(withQuery("/v1/admin/ring", { stream_id: stream })),
		refetchInterval: 3_000,
		placeholderData: (before) => before,
	});

/** A list of the admin API, page by page. */
export const useAdminList = <T>(name: string, query: Readonly<Record<string, string | number | undefined>> = {}) =>
	useInfiniteQuery({
		queryKey: ["ops", name, query],
		queryFn: ({ pageParam }) => get<Page<T>>(withQuery(`/v1/admin/${name}`, { limit: 50, ...query, cursor: pageParam })),
		initialPageParam: undefined as string | undefined,
		getNextPageParam: ({ nextCursor }) => nextCursor ?? undefined,
		refetchInterval: 5_000,
	});
