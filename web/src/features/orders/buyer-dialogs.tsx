import { Field } from "../../ui/field.tsx";
import { text } from "../../ui/use-form.ts";
import { MethodChoice } from "../shop/method-choice.tsx";
import { MoveDialog, type MoveProps } from "./move-dialog.tsx";

export const CancelDialog = (props: MoveProps) => (
	<MoveDialog
		{...props}
		title={`Cancel ${props.order.code}?`}
		move="cancel"
		button="Cancel the order"
		danger
		done="The order is cancelled"
		body={(data) => (text(data, "reason") ? { reason: text(data, "reason") } : {})}
	>
		{(form) => (
			<>
				<p className="text-muted text-sm">Money that was taken goes back.</p>
				<Field
					label="Reason"
					hint="May be left empty."
					name="reason"
					maxLength={500}
					dir="auto"
					error={form.fieldError("reason")}
				/>
			</>
		)}
	</MoveDialog>
);

export const PayDialog = (props: MoveProps) => (
	<MoveDialog
		{...props}
		title={`Pay ${props.order.code} again`}
		move="pay"
		button="Pay"
		done="The payment is on its way"
		body={(data) => ({ paymentMethod: text(data, "paymentMethod") })}
	>
		{(form) => <MethodChoice error={form.fieldError("paymentMethod")} />}
	</MoveDialog>
);
