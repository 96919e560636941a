import { ask } from "../../api/http.ts";
import { login } from "../../api/session.ts";
import { Link, navigate } from "../../router/router.tsx";
import { Field } from "../../ui/field.tsx";
import { text, useForm } from "../../ui/use-form.ts";
import { AuthCard, FormError } from "./auth-card.tsx";

const RegisterPage = () => {
	const form = useForm(async (data, key) => {
		const email = text(data, "email");
		const password = String(data.get("password"));
		const body = { email, password, name: text(data, "name"), role: data.get("role") };
		await ask("POST", "/v1/auth/register", { body, key, anonymous: true });
		await login(email, password);
		navigate("/app/shop", { replace: true });
	});
	return (
		<AuthCard title="Make an account">
			<form onSubmit={form.onSubmit} className="grid gap-4">
				<FormError>{form.error}</FormError>
				<Field label="Name" name="name" autoComplete="name" required maxLength={100} dir="auto" error={form.fieldError("name")} />
				<Field label="E-mail" name="email" type="email" autoComplete="email" required error={form.fieldError("email")} />
				<Field
					label="Password"
					name="password"
					type="password"
					autoComplete="new-password"
					required
					minLength={8}
					hint="At least 8 characters; a sentence is good."
					error={form.fieldError("password")}
				/>
				<fieldset>
					<legend className="mb-1 font-medium text-sm">I want to</legend>
					<div className="grid grid-cols-2 gap-2">
						{[
							["buyer", "Buy"],
							["seller", "Sell"],
						].map(([role, name], index) => (
							<label
								key={role}
								className="flex min-h-11 items-center gap-2 rounded-lg border border-edge px-3 has-checked:border-accent has-checked:bg-accent-soft"
							>
								<input type="radio" name="role" value={role} defaultChecked={index === 0} className="accent-(--accent)" />
								{name}
							</label>
						))}
					</div>
				</fieldset>
				<button type="submit" className="btn btn-main" disabled={form.busy}>
					{form.busy ? "Making it…" : "Make the account"}
				</button>
			</form>
			<p className="text-sm">
				<Link to="/app/login" className="link">
					I have one: log in
				</Link>
			</p>
		</AuthCard>
	);
};
export default RegisterPage;
