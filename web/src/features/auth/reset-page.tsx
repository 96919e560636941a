import { useState } from "react";
import { ask } from "../../api/http.ts";
import { Link } from "../../router/router.tsx";
import { Field } from "../../ui/field.tsx";
import { useForm } from "../../ui/use-form.ts";
import { AuthCard, FormError } from "./auth-card.tsx";
import { useLinkToken } from "./link-token.ts";

const ResetPage = () => {
	const token = useLinkToken();
	const [done, setDone] = useState(false);
	const form = useForm(async (data) => {
		const body = { token, password: data.get("password") };
		await ask("POST", "/v1/auth/password-reset/confirm", { body, anonymous: true });
		setDone(true);
	});
	if (token === null) {
		return (
			<AuthCard title="Choose a new password">
				<p>This page is opened by the link in a mail. Links work once.</p>
				<Link to="/app/forgot-password" className="link">
					Ask for a new link
				</Link>
			</AuthCard>
		);
	}
	return (
		<AuthCard title="Choose a new password">
			{done ? (
				<>
					<p role="status">Your password is changed, and every session is over.</p>
					<Link to="/app/login" className="link">
						Log in
					</Link>
				</>
			) : (
				<form onSubmit={form.onSubmit} className="grid gap-4">
					<FormError>{form.error}</FormError>
					<Field
						label="New password"
						name="password"
						type="password"
						autoComplete="new-password"
						required
						minLength={8}
						error={form.fieldError("password")}
					/>
					<button type="submit" className="btn btn-main" disabled={form.busy}>
						Change it
					</button>
				</form>
			)}
		</AuthCard>
	);
};
export default ResetPage;
