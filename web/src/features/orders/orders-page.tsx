import type { PageProps } from "../../app.tsx";
import { navigate, useSearch } from "../../router/router.tsx";
import { More } from "../../ui/more.tsx";
import { Page } from "../../ui/page.tsx";
import { Empty, Loading } from "../../ui/states.tsx";
import { LookUp } from "./look-up.tsx";
import { OrderRow } from "./order-row.tsx";
import { useOrders } from "./queries.ts";
import { StatusFilter } from "./status-filter.tsx";

const OrdersPage = ({ me }: PageProps) => {
	const status = useSearch().get("status") ?? "";
	const role = me.roles.includes("buyer") ? "buyer" : undefined;
	const orders = useOrders(role, status);
	return (
		<Page title="Orders">
			<div className="mb-4 grid gap-3 sm:grid-cols-[1fr_14rem]">
				<LookUp />
				<StatusFilter
					value={status}
					onChange={(next) => navigate(next ? `/app/orders?status=${next}` : "/app/orders", { replace: true })}
				/>
			</div>
			<Loading of={orders}>
				{({ pages }) => {
					const items = pages.flatMap((page) => page.items);
					if (items.length === 0)
						return (
							<Empty title={status ? "No order has this status" : "No orders yet"}>
								What you order in the shop appears here.
							</Empty>
						);
					return (
						<ul className="grid gap-3">
							{items.map((order) => (
								<OrderRow key={order.id} order={order} />
							))}
						</ul>
					);
				}}
			</Loading>
			<More of={orders} />
		</Page>
	);
};
export default OrdersPage;
