import { useQuery } from "@tanstack/react-query";
import { toast } from "sonner";
import type { Me } from "../../../../contracts/http/auth.ts";
import { ask, get, post } from "../../api/http.ts";
import { wordsOf } from "../../api/problem.ts";
import { queries } from "../../api/queries.ts";
import { changeMe } from "../../api/session.ts";
import type { PageProps } from "../../app.tsx";
import { Field } from "../../ui/field.tsx";
import { Time } from "../../ui/format.tsx";
import { Page } from "../../ui/page.tsx";
import { Badge, Loading } from "../../ui/states.tsx";
import { text, useForm } from "../../ui/use-form.ts";
import { FormError } from "../auth/auth-card.tsx";

interface SessionItem {
	id: string;
	agent: string;
	address: string;
	createdAt: string;
	lastSeenAt: string;
	current: boolean;
}

const About = ({ me }: { me: Me }) => {
	const form = useForm(async (data) => {
		changeMe(await ask<Me>("PATCH", "/v1/auth/me", { body: { name: text(data, "name") } }));
		toast.success("Your name is changed");
	});
	const sendLink = (): void => {
		post("/v1/auth/verify-email/request").then(
			() => toast.success("A link is on its way to you"),
			(error: unknown) => toast.error(wordsOf(error)),
		);
	};
	return (
		<section className="card" aria-label="About me">
			<form onSubmit={form.onSubmit} className="grid gap-3">
				<FormError>{form.error}</FormError>
				<Field
					label="Name"
					name="name"
					required
					maxLength={100}
					dir="auto"
					defaultValue={me.name}
					error={form.fieldError("name")}
				/>
				<button type="submit" className="btn justify-self-start" disabled={form.busy}>
					Change my name
				</button>
			</form>
			<div className="mt-4 flex flex-wrap items-center gap-2 text-sm">
				<bdi>{me.email}</bdi>
				{me.emailVerified ? <Badge tone="ok">confirmed</Badge> : <Badge tone="warn">not confirmed</Badge>}
				{!me.emailVerified && (
					<button type="button" className="btn btn-small" onClick={sendLink}>
						Send me a link
					</button>
				)}
			</div>
		</section>
	);
};

const Password = () => {
	const form = useForm(async (data) => {
		await ask("PUT", "/v1/auth/password", { body: { current: data.get("current"), next: data.get("next") } });
		toast.success("Your password is changed; all other sessions are over");
		void queries.invalidateQueries({ queryKey: ["sessions"] });
	});
	return (
		<form onSubmit={form.onSubmit} className="card grid gap-3" aria-label="Password">
			<FormError>{form.error}</FormError>
			<Field label="Current password" name="current" type="password" autoComplete="current-password" required />
			<Field
				label="New password"
				name="next"
				type="password"
				autoComplete="new-password"
				minLength={8}
				required
				error={form.fieldError("next")}
			/>
			<button type="submit" className="btn justify-self-start" disabled={form.busy}>
				Change my password
			</button>
		</form>
	);
};

const Sessions = () => {
	const sessions = useQuery({ queryKey: ["sessions"], queryFn: () => get<{ items: SessionItem[] }>("/v1/auth/sessions") });
	const end = (id: string): void => {
		ask("DELETE", `/v1/auth/sessions/${id}`).then(
			() => void queries.invalidateQueries({ queryKey: ["sessions"] }),
			(error: unknown) => toast.error(wordsOf(error)),
		);
	};
	return (
		<section aria-labelledby="sessions">
			<h2 id="sessions" className="mt-2 mb-3 font-medium text-lg">
				Where you are logged in
			</h2>
			<Loading of={sessions}>
				{({ items }) => (
					<ul className="grid gap-2">
						{items.map(({ id, agent, address, lastSeenAt, current }) => (
							<li key={id} className="card flex items-center justify-between gap-3">
								<span className="min-w-0 text-sm">
									<span className="block truncate">{agent || "Unknown program"}</span>
									<span className="text-muted">
										{address}, seen <Time at={lastSeenAt} />
									</span>
								</span>
								{current ? (
									<Badge tone="info">this one</Badge>
								) : (
									<button type="button" className="btn btn-small" onClick={() => end(id)}>
										End it
									</button>
								)}
							</li>
						))}
					</ul>
				)}
			</Loading>
		</section>
	);
};

const AccountPage = ({ me }: PageProps) => (
	<Page title="Account">
		<div className="grid gap-4">
			<About me={me} />
			<Password />
			<Sessions />
		</div>
	</Page>
);
export default AccountPage;
