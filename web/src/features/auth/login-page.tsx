import { login } from "../../api/session.ts";
import { Link, navigate } from "../../router/router.tsx";
import { Field } from "../../ui/field.tsx";
import { text, useForm } from "../../ui/use-form.ts";
import { AuthCard, FormError } from "./auth-card.tsx";

/** Shown in the place of any page that needs a session; after it that page is there. */
export const LoginPage = () => {
	const form = useForm(async (data) => {
		await login(text(data, "email"), String(data.get("password")));
		if (location.pathname === "/app/login") navigate("/app/shop", { replace: true });
	});
	return (
		<AuthCard title="Log in">
			<form onSubmit={form.onSubmit} className="grid gap-4">
				<FormError>{form.error}</FormError>
				<Field label="E-mail" name="email" type="email" autoComplete="username" required error={form.fieldError("email")} />
				<Field label="Password" name="password" type="password" autoComplete="current-password" required />
				<button type="submit" className="btn btn-main" disabled={form.busy}>
					{form.busy ? "Logging in…" : "Log in"}
				</button>
			</form>
			<p className="flex flex-wrap justify-between gap-2 text-sm">
				<Link to="/app/register" className="link">
					Make an account
				</Link>
				<Link to="/app/forgot-password" className="link">
					Forgot your password?
				</Link>
			</p>
		</AuthCard>
	);
};
