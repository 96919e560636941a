import type { OrderView } from "../../../../contracts/http/orders.ts";
import type { PageProps } from "../../app.tsx";
import { Link } from "../../router/router.tsx";
import { Money, Name, Time } from "../../ui/format.tsx";
import { Page } from "../../ui/page.tsx";
import { Loading } from "../../ui/states.tsx";
import { methodName } from "../shop/payment-methods.ts";
import { Actions } from "./actions.tsx";
import { useOrder } from "./queries.ts";
import { isMoving, paymentName, StatusBadge } from "./status.tsx";
import { Timeline } from "./timeline.tsx";

const Items = ({ order }: { order: OrderView }) => (
	<section className="card" aria-labelledby="items">
		<h2 id="items" className="mb-3 font-medium">
			Items
		</h2>
		<ul className="grid gap-2">
			{order.items.map(({ productId, name, quantity, unitPrice, total }) => (
				<li key={productId} className="flex justify-between gap-3">
					<span>
						<Name>{name}</Name>{" "}
						<span className="text-muted text-sm">
							{quantity} × <Money of={unitPrice} />
						</span>
					</span>
					<Money of={total} />
				</li>
			))}
		</ul>
		<dl className="mt-3 grid grid-cols-[1fr_auto] gap-1 border-line border-t pt-3 text-sm">
			<dt className="text-muted">Goods</dt>
			<dd>
				<Money of={order.totals.goods} />
			</dd>
			<dt className="text-muted">Delivery</dt>
			<dd>
				<Money of={order.totals.delivery} />
			</dd>
			<dt className="font-medium">Total</dt>
			<dd className="font-medium">
				<Money of={order.totals.total} />
			</dd>
		</dl>
	</section>
);

const Tracking = ({ order }: { order: OrderView }) => {
	if (!order.shipment) return null;
	return (
		<section className="card" aria-labelledby="tracking">
			<h2 id="tracking" className="mb-2 font-medium">
				Tracking
			</h2>
			<p className="text-sm">
				<Name>{order.shipment.carrier}</Name> <Name className="font-mono">{order.shipment.trackingNumber}</Name>
			</p>
			<ul className="mt-2 grid gap-2 text-sm">
				{(order.tracking ?? []).map(({ status, location, estimatedDelivery, at }) => (
					<li key={`${at} ${status}`} className="flex flex-wrap justify-between gap-x-3">
						<span>
							{status.replaceAll("_", " ")}
							{location && (
								<>
									{", "}
									<Name>{location}</Name>
								</>
							)}
							{estimatedDelivery && <span className="text-muted"> (expected {estimatedDelivery})</span>}
						</span>
						<Time at={at} className="text-muted" />
					</li>
				))}
			</ul>
		</section>
	);
};

const Summary = ({ order }: { order: OrderView }) => (
	<section className="card grid gap-2" aria-label="Status">
		<div className="flex flex-wrap items-center gap-3" aria-live="polite" data-status={order.status}>
			<StatusBadge status={order.status} />
			{isMoving(order) && <span className="text-muted text-sm">The payment is on its way…</span>}
		</div>
		<p className="text-sm">
			Payment: {paymentName(order.payment.status)} <span className="text-muted">({methodName(order.payment.method)})</span>
			{order.payment.declineCode && <span className="text-danger"> {order.payment.declineCode.replaceAll("_", " ")}</span>}
		</p>
		<p className="text-muted text-sm">
			Ordered <Time at={order.createdAt} />
		</p>
	</section>
);

const OrderPage = ({ me, params }: PageProps) => {
	const query = useOrder(params.id ?? "");
	return (
		<Page
			title={query.data ? `Order ${query.data.code}` : "Order"}
			actions={
				<Link to="/app/orders" className="link text-sm">
					All orders
				</Link>
			}
		>
			<Loading of={query}>
				{(order) => (
					<div className="grid items-start gap-4 lg:grid-cols-[3fr_2fr]">
						<div className="grid gap-4">
							<Summary order={order} />
							<Actions order={order} me={me} />
							<Items order={order} />
							<Tracking order={order} />
						</div>
						<Timeline order={order} />
					</div>
				)}
			</Loading>
		</Page>
	);
};
export default OrderPage;
