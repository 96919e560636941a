import type { ReactNode } from "react";
import { toast } from "sonner";
import type { OrderView } from "../../../../contracts/http/orders.ts";
import { post } from "../../api/http.ts";
import { Dialog } from "../../ui/dialog.tsx";
import { type Form, useForm } from "../../ui/use-form.ts";
import { FormError } from "../auth/auth-card.tsx";
import { keepOrder } from "./queries.ts";

export interface MoveProps {
	order: OrderView;
	onClose: () => void;
}

interface Move extends MoveProps {
	title: string;
	/** Path after the order's. */
	move: string;
	button: string;
	danger?: true;
	done: string;
	body: (data: FormData) => object;
	children?: (form: Form) => ReactNode;
}

/** A dialog that moves an order. */
export const MoveDialog = ({ order, onClose, title, move, button, danger, done, body, children }: Move) => {
	const form = useForm(async (data, key) => {
		keepOrder(await post<OrderView>(`/v1/orders/${order.id}/${move}`, body(data), { key }));
		toast.success(done);
		onClose();
	});
	return (
		<Dialog title={title} onClose={onClose}>
			<form onSubmit={form.onSubmit} className="grid gap-4">
				<FormError>{form.error}</FormError>
				{children?.(form)}
				<button type="submit" className={`btn ${danger ? "btn-danger" : "btn-main"}`} disabled={form.busy}>
					{button}
				</button>
			</form>
		</Dialog>
	);
};
