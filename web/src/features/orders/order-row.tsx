import type { OrderView } from "../../../../contracts/http/orders.ts";
import { productNameOf } from "../../../../contracts/product-name.ts";
import { Link } from "../../router/router.tsx";
import { Money, Time } from "../../ui/format.tsx";
import { StatusBadge } from "./status.tsx";

export const OrderRow = ({ order }: { order: OrderView }) => (
	<li>
		<Link
			to={`/app/orders/${order.id}`}
			className="card flex min-h-20 items-center justify-between gap-3 hover:border-accent"
			data-order={order.id}
		>
			<span className="min-w-0">
				<span className="block truncate font-medium" dir="auto">
					{productNameOf(order.items)}
				</span>
				<span className="block text-muted text-sm">
					{order.code} · <Time at={order.createdAt} />
				</span>
			</span>
			<span className="grid shrink-0 justify-items-end gap-1">
				<StatusBadge status={order.status} />
				<Money of={order.totals.total} />
			</span>
		</Link>
	</li>
);
