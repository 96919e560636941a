import { useState } from "react";
import { ask } from "../../api/http.ts";
import { Link } from "../../router/router.tsx";
import { Field } from "../../ui/field.tsx";
import { text, useForm } from "../../ui/use-form.ts";
import { AuthCard, FormError } from "./auth-card.tsx";

const ForgotPage = () => {
	const [sentTo, setSentTo] = useState<string>();
	const form = useForm(async (data) => {
		const email = text(data, "email");
		await ask("POST", "/v1/auth/password-reset", { body: { email }, anonymous: true });
		setSentTo(email);
	});
	return (
		<AuthCard title="Reset your password">
			{sentTo === undefined ? (
				<form onSubmit={form.onSubmit} className="grid gap-4">
					<FormError>{form.error}</FormError>
					<Field label="E-mail" name="email" type="email" autoComplete="username" required error={form.fieldError("email")} />
					<button type="submit" className="btn btn-main" disabled={form.busy}>
						Send me a link
					</button>
				</form>
			) : (
				<p role="status">
					If there is an account for <bdi>{sentTo}</bdi>, a mail with a link is on its way. The link works once, for an hour.
				</p>
			)}
			<Link to="/app/login" className="link text-sm">
				Back to log in
			</Link>
		</AuthCard>
	);
};
export default ForgotPage;
