import { useState } from "react";
import type { OrderView } from "../../../../contracts/http/orders.ts";
import type { ProductView } from "../../../../contracts/http/products.ts";
import { post } from "../../api/http.ts";
import { queries } from "../../api/queries.ts";
import { navigate } from "../../router/router.tsx";
import { Dialog } from "../../ui/dialog.tsx";
import { Field } from "../../ui/field.tsx";
import { Money } from "../../ui/format.tsx";
import { text, useForm } from "../../ui/use-form.ts";
import { FormError } from "../auth/auth-card.tsx";
import { MethodChoice } from "./method-choice.tsx";

export const OrderDialog = ({ product, onClose }: { product: ProductView; onClose: () => void }) => {
	const [quantity, setQuantity] = useState("1");
	const form = useForm(async (data, key) => {
		const items = [{ productId: product.id, quantity: Number(data.get("quantity")) }];
		const order = await post<OrderView>("/v1/orders", { items, paymentMethod: text(data, "paymentMethod") }, { key });
		queries.setQueryData(["orders", "one", order.id], order);
		void queries.invalidateQueries({ queryKey: ["orders", "list"] });
		navigate(`/app/orders/${order.id}`);
	});
	const total = { ...product.price, amount: product.price.amount * (Number(quantity) || 0) };
	return (
		<Dialog title={product.name} onClose={onClose}>
			<form onSubmit={form.onSubmit} className="grid gap-4">
				<FormError>{form.error}</FormError>
				<Field
					label="Quantity"
					name="quantity"
					type="number"
					inputMode="numeric"
					min={1}
					max={Math.min(999, product.stock ?? 999)}
					required
					value={quantity}
					onChange={(event) => setQuantity(event.target.value)}
					error={form.fieldError("items")}
				/>
				<MethodChoice error={form.fieldError("paymentMethod")} />
				<p className="flex justify-between font-medium">
					<span>Total</span>
					<Money of={total} />
				</p>
				<button type="submit" className="btn btn-main" disabled={form.busy}>
					{form.busy ? "Placing it…" : "Place the order"}
				</button>
			</form>
		</Dialog>
	);
};
