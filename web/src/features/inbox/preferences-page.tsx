import { useQuery } from "@tanstack/react-query";
import { toast } from "sonner";
import type { PreferencesView } from "../../../../contracts/http/preferences.ts";
import { ask, get } from "../../api/http.ts";
import { queries } from "../../api/queries.ts";
import { Choice, Field } from "../../ui/field.tsx";
import { Page } from "../../ui/page.tsx";
import { Loading } from "../../ui/states.tsx";
import { text, useForm } from "../../ui/use-form.ts";
import { FormError } from "../auth/auth-card.tsx";

const kinds = [
	["announcement", "News about what I did"],
	["purchase_notification", "My orders, bought and sold"],
	["payment_reminder_notification", "Payments that fail or are due"],
	["shipping_update_notification", "Where my parcels are"],
	["chat_notification", "Messages while I am away"],
] as const;
const always = "payment_reminder_notification";

const zones = Intl.supportedValuesOf("timeZone");
const here = Intl.DateTimeFormat().resolvedOptions().timeZone;

const Box = ({ name, on, label, fixed }: { name: string; on: boolean; label: string; fixed: boolean }) => (
	<label className="grid min-h-11 min-w-11 place-items-center">
		<input
			type="checkbox"
			name={name}
			defaultChecked={on}
			disabled={fixed}
			aria-label={label}
			className="size-5 accent-(--accent)"
		/>
	</label>
);

const Kinds = ({ preferences }: { preferences: PreferencesView }) => (
	<section className="card">
		<table className="w-full">
			<caption className="mb-2 text-start font-medium">Tell me of</caption>
			<thead className="text-muted text-sm">
				<tr>
					<th className="sr-only">Kind</th>
					<th className="font-normal">Here</th>
					<th className="font-normal">By mail</th>
				</tr>
			</thead>
			<tbody className="divide-y divide-line">
				{kinds.map(([kind, words]) => (
					<tr key={kind}>
						<th scope="row" className="py-1 text-start font-normal">
							{words}
							{kind === always && <span className="block text-muted text-sm">Cannot be turned off.</span>}
						</th>
						<td>
							<Box name={`${kind} inbox`} on={preferences.kinds[kind].inbox} label={`${words}: here`} fixed={kind === always} />
						</td>
						<td>
							<Box
								name={`${kind} email`}
								on={preferences.kinds[kind].email}
								label={`${words}: by mail`}
								fixed={kind === always}
							/>
						</td>
					</tr>
				))}
			</tbody>
		</table>
	</section>
);

const changeOf = (data: FormData): object => ({
	kinds: Object.fromEntries(
		kinds
			.filter(([kind]) => kind !== always)
			.map(([kind]) => [kind, { inbox: data.has(`${kind} inbox`), email: data.has(`${kind} email`) }]),
	),
	quietHours: data.has("quiet") ? { start: text(data, "start"), end: text(data, "end"), zone: text(data, "zone") } : null,
	digest: text(data, "digest"),
});

const PreferencesForm = ({ preferences }: { preferences: PreferencesView }) => {
	const { quietHours, digest, version } = preferences;
	const form = useForm(async (data) => {
		const body = changeOf(data);
		const kept = await ask<PreferencesView>("PUT", "/v1/notifications/preferences", { body, ifMatch: version });
		queries.setQueryData(["preferences"], kept);
		toast.success("Kept");
	});
	return (
		<form onSubmit={form.onSubmit} className="grid gap-4">
			<FormError>{form.error}</FormError>
			<Kinds preferences={preferences} />
			<fieldset className="card grid gap-3">
				<legend className="sr-only">Quiet hours</legend>
				<label className="flex min-h-11 items-center gap-3 font-medium">
					<input type="checkbox" name="quiet" defaultChecked={quietHours !== null} className="size-5 accent-(--accent)" />
					No mails in quiet hours
				</label>
				<div className="grid gap-3 sm:grid-cols-[10rem_10rem_1fr]">
					<Field label="From" name="start" type="time" defaultValue={quietHours?.start ?? "22:00"} required />
					<Field label="To" name="end" type="time" defaultValue={quietHours?.end ?? "07:00"} required />
					<Choice label="Time zone" name="zone" defaultValue={quietHours?.zone ?? here}>
						{[...new Set([quietHours?.zone ?? here, here, "UTC", ...zones])].map((zone) => (
							<option key={zone}>{zone}</option>
						))}
					</Choice>
				</div>
				<p className="text-muted text-sm">Mails wait until they are over. Here it is silent at any hour.</p>
			</fieldset>
			<div className="card">
				<Choice label="Mails about unread messages" name="digest" defaultValue={digest}>
					<option value="off">One for each conversation</option>
					<option value="hourly">All of an hour in one</option>
					<option value="daily">All of a day in one</option>
				</Choice>
			</div>
			<button type="submit" className="btn btn-main justify-self-start" disabled={form.busy}>
				Keep it so
			</button>
		</form>
	);
};

const PreferencesPage = () => {
	const query = useQuery({
		queryKey: ["preferences"],
		queryFn: () => get<PreferencesView>("/v1/notifications/preferences"),
		// What is being filled in must not change underneath.
		refetchOnWindowFocus: false,
		refetchOnReconnect: false,
	});
	return (
		<Page title="Notifications">
			<Loading of={query}>{(preferences) => <PreferencesForm key={preferences.version} preferences={preferences} />}</Loading>
		</Page>
	);
};
export default PreferencesPage;
