import { useState } from "react";
import { toast } from "sonner";
import type { MailView } from "../../../../contracts/http/mails.ts";
import { post } from "../../api/http.ts";
import { wordsOf } from "../../api/problem.ts";
import { queries } from "../../api/queries.ts";
import { Choice } from "../../ui/field.tsx";
import { Time } from "../../ui/format.tsx";
import { More } from "../../ui/more.tsx";
import { Badge, Empty, Loading, type Tone } from "../../ui/states.tsx";
import { useAdminList } from "./queries.ts";

const tones: Readonly<Record<string, Tone>> = {
	queued: "info",
	held: "warn",
	sent: "ok",
	failed: "danger",
	suppressed: "danger",
	dropped: "plain",
};

const again = (id: string): void => {
	post(`/v1/admin/mails/${id}/retry`).then(
		() => {
			toast.success("It is sent again");
			void queries.invalidateQueries({ queryKey: ["ops", "mails"] });
		},
		(error: unknown) => toast.error(wordsOf(error)),
	);
};

/** As text: what somebody wrote into an order or a message is in it. */
const Body = ({ body }: { body: NonNullable<MailView["body"]> }) => (
	<details>
		<summary className="text-sm">The mail</summary>
		<p className="mt-2 font-medium" dir="auto">
			{body.subject}
		</p>
		<pre className="whitespace-pre-wrap rounded-lg bg-sunken p-3 text-sm" dir="auto">
			{body.text}
		</pre>
	</details>
);

const Mail = ({ mail }: { mail: MailView }) => (
	<li className="card grid gap-2" data-mail={mail.status}>
		<div className="flex flex-wrap items-center gap-2">
			<Badge tone={tones[mail.status] ?? "plain"}>{mail.status}</Badge>
			<h2 className="font-medium">{mail.template}</h2>
			<span className="font-mono text-muted text-xs">to {mail.userId}</span>
			<Time at={mail.createdAt} className="text-muted text-sm" />
			{!["sent", "dropped"].includes(mail.status) && (
				<button type="button" className="btn btn-small ms-auto" onClick={() => again(mail.id)}>
					Send it again
				</button>
			)}
		</div>
		{mail.reason && <p className="text-sm">{mail.reason}</p>}
		{mail.attempts.length > 0 && (
			<ol className="text-muted text-sm">
				{mail.attempts.map(({ at, outcome, code, reason }) => (
					<li key={at}>
						<Time at={at} /> {outcome} {code} {reason}
					</li>
				))}
			</ol>
		)}
		{mail.body && <Body body={mail.body} />}
	</li>
);

const MailsTab = () => {
	const [status, setStatus] = useState("");
	const mails = useAdminList<MailView>("mails", { status: status || undefined });
	return (
		<>
			<Choice label="Status" className="mb-4 max-w-56" value={status} onChange={(event) => setStatus(event.target.value)}>
				<option value="">All</option>
				{Object.keys(tones).map((name) => (
					<option key={name}>{name}</option>
				))}
			</Choice>
			<Loading of={mails}>
				{({ pages }) => {
					const items = pages.flatMap((page) => page.items);
					if (items.length === 0) return <Empty title="No mails" />;
					return (
						<ul className="grid gap-3">
							{items.map((mail) => (
								<Mail key={mail.id} mail={mail} />
							))}
						</ul>
					);
				}}
			</Loading>
			<More of={mails} />
		</>
	);
};
export default MailsTab;
