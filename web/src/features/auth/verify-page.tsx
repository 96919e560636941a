import { useState } from "react";
import { ask } from "../../api/http.ts";
import { start } from "../../api/session.ts";
import { Link } from "../../router/router.tsx";
import { useForm } from "../../ui/use-form.ts";
import { AuthCard, FormError } from "./auth-card.tsx";
import { useLinkToken } from "./link-token.ts";

/** With a button: programs that look into mails follow links, but press nothing. */
const VerifyPage = () => {
	const token = useLinkToken();
	const [done, setDone] = useState(false);
	const form = useForm(async () => {
		await ask("POST", "/v1/auth/verify-email", { body: { token }, anonymous: true });
		setDone(true);
		await start();
	});
	return (
		<AuthCard title="Confirm your e-mail">
			{done && <p role="status">Thank you: your e-mail address is confirmed.</p>}
			{!done && token === null && <p>This page is opened by the link in a mail. Links work once.</p>}
			{!done && token !== null && (
				<form onSubmit={form.onSubmit} className="grid gap-4">
					<FormError>{form.error}</FormError>
					<p>One more step: say that this address is yours.</p>
					<button type="submit" className="btn btn-main" disabled={form.busy}>
						Confirm it
					</button>
				</form>
			)}
			<Link to="/app/shop" className="link">
				Go to the shop
			</Link>
		</AuthCard>
	);
};
export default VerifyPage;
