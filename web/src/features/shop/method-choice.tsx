import { Choice } from "../../ui/field.tsx";
import { paymentMethods } from "./payment-methods.ts";

export const MethodChoice = ({ error, standard }: { error?: string | undefined; standard?: string }) => (
	<Choice
		label="Pay with"
		name="paymentMethod"
		error={error}
		defaultValue={standard ?? "sandbox_success"}
		hint="A sandbox: no money moves."
	>
		{paymentMethods.map(([method, name]) => (
			<option key={method} value={method}>
				{name}
			</option>
		))}
	</Choice>
);
