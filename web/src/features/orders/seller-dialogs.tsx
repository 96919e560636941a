import { toast } from "sonner";
import type { PaymentView } from "../../../../contracts/http/payments.ts";
import { post } from "../../api/http.ts";
import { Refused } from "../../api/problem.ts";
import { queries } from "../../api/queries.ts";
import { Dialog } from "../../ui/dialog.tsx";
import { Choice, Field } from "../../ui/field.tsx";
import { Money, minorUnits } from "../../ui/format.tsx";
import { Loading } from "../../ui/states.tsx";
import { text, useForm } from "../../ui/use-form.ts";
import { FormError } from "../auth/auth-card.tsx";
import { MoveDialog, type MoveProps } from "./move-dialog.tsx";
import { usePayment } from "./queries.ts";

/** Members that were left empty are left out. */
const filled = (data: FormData, names: readonly string[]): object =>
	Object.fromEntries(names.map((name) => [name, text(data, name)]).filter(([, value]) => value !== ""));

export const ShipDialog = (props: MoveProps) => (
	<MoveDialog
		{...props}
		title={`Ship ${props.order.code}`}
		move="ship"
		button="It left the house"
		done="The buyer is told that it is on its way"
		body={(data) => filled(data, ["carrier", "trackingNumber", "estimatedDelivery"])}
	>
		{(form) => (
			<>
				<Field label="Carrier" name="carrier" required maxLength={100} dir="auto" error={form.fieldError("carrier")} />
				<Field label="Tracking number" name="trackingNumber" required maxLength={100} error={form.fieldError("trackingNumber")} />
				<Field label="Expected on" name="estimatedDelivery" type="date" error={form.fieldError("estimatedDelivery")} />
			</>
		)}
	</MoveDialog>
);

export const TrackDialog = (props: MoveProps) => (
	<MoveDialog
		{...props}
		title={`Where is ${props.order.code}?`}
		move="tracking"
		button="Tell the buyer"
		done="The buyer is told"
		body={(data) => filled(data, ["status", "location", "estimatedDelivery"])}
	>
		{(form) => (
			<>
				<Choice label="Status" name="status">
					<option value="in_transit">In transit</option>
					<option value="out_for_delivery">Out for delivery</option>
				</Choice>
				<Field label="Place" name="location" maxLength={200} dir="auto" error={form.fieldError("location")} />
				<Field label="Expected on" name="estimatedDelivery" type="date" error={form.fieldError("estimatedDelivery")} />
			</>
		)}
	</MoveDialog>
);

export const DeliverDialog = (props: MoveProps) => (
	<MoveDialog
		{...props}
		title={`${props.order.code} arrived?`}
		move="deliver"
		button="It arrived"
		done="The order is delivered"
		body={() => ({})}
	/>
);

const RefundForm = ({ payment, onClose }: { payment: PaymentView; onClose: () => void }) => {
	const { currency } = payment.amount;
	const left = { amount: payment.captured.amount - payment.refunded.amount, currency };
	const form = useForm(async (data, key) => {
		const typed = text(data, "amount");
		const amount = typed === "" ? undefined : minorUnits(typed, currency);
		if (amount === null) throw new Refused("VALIDATION", 400, `That is no amount in ${currency}`);
		const reason = text(data, "reason") || undefined;
		await post<PaymentView>(`/v1/payments/${payment.id}/refunds`, { amount, reason }, { key });
		void queries.invalidateQueries({ queryKey: ["orders"] });
		toast.success("The money goes back");
		onClose();
	});
	return (
		<form onSubmit={form.onSubmit} className="grid gap-4">
			<FormError>{form.error}</FormError>
			<p className="text-sm">
				<Money of={left} /> of <Money of={payment.captured} /> can be given back.
			</p>
			<Field
				label={`Amount in ${currency}`}
				name="amount"
				inputMode="decimal"
				hint="Empty: all that is left."
				error={form.fieldError("amount")}
			/>
			<Field label="Reason" name="reason" maxLength={500} dir="auto" error={form.fieldError("reason")} />
			<button type="submit" className="btn btn-main" disabled={form.busy}>
				Give it back
			</button>
		</form>
	);
};

export const RefundDialog = ({ order, onClose }: MoveProps) => (
	<Dialog title={`Refund ${order.code}`} onClose={onClose}>
		<Loading of={usePayment(order)}>{(payment) => <RefundForm payment={payment} onClose={onClose} />}</Loading>
	</Dialog>
);
