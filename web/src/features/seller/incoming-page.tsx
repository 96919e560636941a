import { navigate, useSearch } from "../../router/router.tsx";
import { More } from "../../ui/more.tsx";
import { Page } from "../../ui/page.tsx";
import { Empty, Loading } from "../../ui/states.tsx";
import { OrderRow } from "../orders/order-row.tsx";
import { useOrders } from "../orders/queries.ts";
import { StatusFilter } from "../orders/status-filter.tsx";
import { SellerTabs } from "./seller-tabs.tsx";

const IncomingPage = () => {
	const status = useSearch().get("status") ?? "";
	const orders = useOrders("seller", status);
	return (
		<Page title="Selling">
			<SellerTabs />
			<div className="mb-4 max-w-56">
				<StatusFilter
					value={status}
					onChange={(next) => navigate(next ? `/app/seller?status=${next}` : "/app/seller", { replace: true })}
				/>
			</div>
			<Loading of={orders}>
				{({ pages }) => {
					const items = pages.flatMap((page) => page.items);
					if (items.length === 0) return <Empty title="No orders here">What people order from you appears by itself.</Empty>;
					return (
						<ul className="grid gap-3" aria-label="Incoming orders">
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
export default IncomingPage;
