import { toast } from "sonner";
import { exponentOf, isCurrency } from "../../../../contracts/currency.ts";
import type { ProductView } from "../../../../contracts/http/products.ts";
import { ask, post } from "../../api/http.ts";
import { Refused } from "../../api/problem.ts";
import { queries } from "../../api/queries.ts";
import { Dialog } from "../../ui/dialog.tsx";
import { Field } from "../../ui/field.tsx";
import { minorUnits } from "../../ui/format.tsx";
import { text, useForm } from "../../ui/use-form.ts";
import { FormError } from "../auth/auth-card.tsx";

const amountText = ({ amount, currency }: ProductView["price"]): string =>
	(amount / 10 ** exponentOf(currency)).toFixed(exponentOf(currency));

const bodyOf = (data: FormData): object => {
	const currency = text(data, "currency").toUpperCase();
	if (!isCurrency(currency)) throw new Refused("VALIDATION", 400, "There is no such currency");
	const amount = minorUnits(text(data, "price"), currency);
	if (amount === null) throw new Refused("VALIDATION", 400, `That is no price in ${currency}`);
	const stock = text(data, "stock");
	return { name: text(data, "name"), price: { amount, currency }, ...(stock !== "" && { stock: Number(stock) }) };
};

/** Offers a product, or changes one: based on the version that is shown, so that nobody's change is overwritten unseen. */
export const ProductDialog = ({ product, onClose }: { product: ProductView | null; onClose: () => void }) => {
	const form = useForm(async (data, key) => {
		const body = bodyOf(data);
		if (product) await ask("PATCH", `/v1/products/${product.id}`, { body, ifMatch: product.version });
		else await post("/v1/products", body, { key });
		void queries.invalidateQueries({ queryKey: ["products"] });
		toast.success(product ? "The product is changed" : "The product is on offer");
		onClose();
	});
	return (
		<Dialog title={product ? "Change the product" : "Offer a product"} onClose={onClose}>
			<form onSubmit={form.onSubmit} className="grid gap-4">
				<FormError>{form.error}</FormError>
				<Field
					label="Name"
					name="name"
					required
					maxLength={200}
					dir="auto"
					defaultValue={product?.name}
					error={form.fieldError("name")}
				/>
				<div className="grid grid-cols-[1fr_7rem] gap-3">
					<Field
						label="Price"
						name="price"
						inputMode="decimal"
						required
						defaultValue={product ? amountText(product.price) : ""}
						error={form.fieldError("price")}
					/>
					<Field label="Currency" name="currency" required maxLength={3} defaultValue={product?.price.currency ?? "MYR"} />
				</div>
				<Field
					label="Pieces in stock"
					name="stock"
					type="number"
					min={0}
					hint="Empty: they are not counted."
					defaultValue={product?.stock}
					error={form.fieldError("stock")}
				/>
				<button type="submit" className="btn btn-main" disabled={form.busy}>
					{product ? "Change it" : "Offer it"}
				</button>
			</form>
		</Dialog>
	);
};
