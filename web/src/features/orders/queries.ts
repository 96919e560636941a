import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import type { OrderStatus, OrderView } from "../../../../contracts/http/orders.ts";
import type { PaymentView } from "../../../../contracts/http/payments.ts";
import { get, type Page, withQuery } from "../../api/http.ts";
import { queries } from "../../api/queries.ts";
import { usePace } from "../../live/inbox.ts";
import { isMoving } from "./status.tsx";

export interface HistoryItem {
	from: OrderStatus | null;
	to: OrderStatus;
	event: string;
	by: string;
	reason?: string;
	at: string;
}

/** No notification tells of the steps of a payment: while one is on its way the page asks often, and less so the longer it takes. */
const soon = (updates: number): number => Math.min(5_000, 500 + updates * 100);

export const useOrder = (id: string) => {
	const pace = usePace();
	return useQuery({
		queryKey: ["orders", "one", id],
		queryFn: () => get<OrderView>(`/v1/orders/${id}`),
		refetchInterval: ({ state: { data, dataUpdateCount } }) => (data && isMoving(data) ? soon(dataUpdateCount) : pace),
	});
};

/** Asked again whenever the order has another version. */
export const useHistory = (order: OrderView) =>
	useQuery({
		queryKey: ["orders", "history", order.id, order.version],
		queryFn: () => get<{ items: HistoryItem[] }>(`/v1/orders/${order.id}/history`),
		placeholderData: (before) => before,
	});

export const usePayment = ({ payment, version }: OrderView) =>
	useQuery({
		queryKey: ["orders", "payment", payment.id, payment.status, version],
		queryFn: () => get<PaymentView>(`/v1/payments/${payment.id}`),
		placeholderData: (before) => before,
	});

export const useOrders = (role: "buyer" | "seller" | undefined, status: string) => {
	const pace = usePace(30_000, 3_000);
	return useInfiniteQuery({
		queryKey: ["orders", "list", role, status],
		queryFn: ({ pageParam }) => get<Page<OrderView>>(withQuery("/v1/orders", { role, status, limit: 20, cursor: pageParam })),
		initialPageParam: undefined as string | undefined,
		getNextPageParam: ({ nextCursor }) => nextCursor ?? undefined,
		refetchInterval: pace,
	});
};

/** What a move answered is shown at once; of two versions the newer one stays. */
export const keepOrder = (order: OrderView): void => {
	queries.setQueryData<OrderView>(["orders", "one", order.id], (known) =>
		known && known.version > order.version ? known : order,
	);
	void queries.invalidateQueries({ queryKey: ["orders"] });
};
