import type { OrderView } from "../../../../contracts/http/orders.ts";
import type { PaymentView } from "../../../../contracts/http/payments.ts";
import { post } from "../../api/http.ts";
import { queries } from "../../api/queries.ts";
import type { PageProps } from "../../app.tsx";
import { Link, navigate } from "../../router/router.tsx";
import { Money } from "../../ui/format.tsx";
import { Page } from "../../ui/page.tsx";
import { Loading } from "../../ui/states.tsx";
import { useForm } from "../../ui/use-form.ts";
import { FormError } from "../auth/auth-card.tsx";
import { useOrder, usePayment } from "./queries.ts";

/** A real provider has its own page for that; this one stands in for the sandbox's. */
const outside = (payment: PaymentView): string | null =>
	payment.method.startsWith("sandbox_") ? null : (payment.nextAction?.url ?? null);

const Bank = ({ order }: { order: OrderView }) => {
	const query = usePayment(order);
	const form = useForm(async (_data, key) => {
		await post<PaymentView>(`/v1/payments/${order.payment.id}/confirm`, {}, { key });
		void queries.invalidateQueries({ queryKey: ["orders"] });
		navigate(`/app/orders/${order.id}`);
	});
	return (
		<Loading of={query}>
			{(payment) => (
				<div className="card mx-auto grid max-w-md gap-4 p-6 text-center">
					<p className="text-muted text-sm">Sandbox bank</p>
					<p>
						Souk asks for{" "}
						<strong className="text-lg">
							<Money of={payment.amount} />
						</strong>{" "}
						for order {order.code}.
					</p>
					<FormError>{form.error}</FormError>
					{payment.status !== "requires_action" && <p role="status">There is nothing to confirm any more.</p>}
					{payment.status === "requires_action" && outside(payment) === null && (
						<form onSubmit={form.onSubmit}>
							<button type="submit" className="btn btn-main w-full" disabled={form.busy}>
								Yes, it is me: pay
							</button>
						</form>
					)}
					{payment.status === "requires_action" && outside(payment) !== null && (
						<a className="btn btn-main" href={outside(payment) ?? ""} rel="noreferrer">
							Go to your bank
						</a>
					)}
					<Link to={`/app/orders/${order.id}`} className="link text-sm">
						Back to the order
					</Link>
				</div>
			)}
		</Loading>
	);
};

const ConfirmPage = ({ params }: PageProps) => (
	<Page title="Confirm the payment">
		<Loading of={useOrder(params.id ?? "")}>{(order) => <Bank order={order} />}</Loading>
	</Page>
);
export default ConfirmPage;
