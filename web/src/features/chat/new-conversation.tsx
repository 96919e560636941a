import { useQuery } from "@tanstack/react-query";
import { useDeferredValue, useState } from "react";
import type { ConversationView } from "../../../../contracts/http/chat.ts";
import { get, type Page, post, withQuery } from "../../api/http.ts";
import { queries } from "../../api/queries.ts";
import { navigate } from "../../router/router.tsx";
import { Dialog } from "../../ui/dialog.tsx";
import { Field } from "../../ui/field.tsx";
import { Name } from "../../ui/format.tsx";
import { Failed } from "../../ui/states.tsx";
import { useForm } from "../../ui/use-form.ts";
import { FormError } from "../auth/auth-card.tsx";

interface Person {
	id: string;
	name: string;
}

const Found = ({
	q,
	me,
	chosen,
	onChoose,
}: {
	q: string;
	me: string;
	chosen: readonly Person[];
	onChoose: (who: Person) => void;
}) => {
	const people = useQuery({
		queryKey: ["people", q],
		queryFn: () => get<Page<Person>>(withQuery("/v1/users", { q, limit: 8 })),
		enabled: q !== "",
		placeholderData: (before) => before,
	});
	if (q === "") return null;
	if (people.error) return <Failed error={people.error} />;
	const items = (people.data?.items ?? []).filter(({ id }) => id !== me && !chosen.some((one) => one.id === id));
	if (people.data && items.length === 0) return <p className="text-muted text-sm">Nobody else is called like that.</p>;
	return (
		<ul className="grid gap-1" aria-label="People">
			{items.map((person) => (
				<li key={person.id}>
					<button type="button" className="btn btn-quiet w-full justify-start" onClick={() => onChoose(person)}>
						<Name>{person.name}</Name>
					</button>
				</li>
			))}
		</ul>
	);
};

export const NewConversation = ({ me, onClose }: { me: string; onClose: () => void }) => {
	const [typed, setTyped] = useState("");
	const q = useDeferredValue(typed.trim());
	const [chosen, setChosen] = useState<readonly Person[]>([]);
	const form = useForm(async (data, key) => {
		const title = chosen.length > 1 ? String(data.get("title") ?? "").trim() || undefined : undefined;
		const memberIds = chosen.map(({ id }) => id);
		const made = await post<ConversationView>("/v1/conversations", { memberIds, title }, { key });
		void queries.invalidateQueries({ queryKey: ["conversations"] });
		onClose();
		navigate(`/app/chat/${made.streamId}`);
	});
	return (
		<Dialog title="New conversation" onClose={onClose}>
			<form onSubmit={form.onSubmit} className="grid gap-4">
				<FormError>{form.error}</FormError>
				{chosen.length > 0 && (
					<ul className="flex flex-wrap gap-2" aria-label="Chosen">
						{chosen.map((person) => (
							<li key={person.id}>
								<button
									type="button"
									className="btn btn-small"
									aria-label={`Leave out ${person.name}`}
									onClick={() => setChosen(chosen.filter(({ id }) => id !== person.id))}
								>
									<Name>{person.name}</Name> <span aria-hidden="true">×</span>
								</button>
							</li>
						))}
					</ul>
				)}
				<Field
					label="With"
					placeholder="The start of a name"
					value={typed}
					onChange={(event) => setTyped(event.target.value)}
					autoComplete="off"
					dir="auto"
				/>
				<Found
					q={q}
					me={me}
					chosen={chosen}
					onChoose={(person) => {
						setChosen([...chosen, person]);
						setTyped("");
					}}
				/>
				{chosen.length > 1 && (
					<Field label="Name of the group" name="title" hint="May be left empty." maxLength={200} dir="auto" />
				)}
				<button type="submit" className="btn btn-main" disabled={form.busy || chosen.length === 0}>
					{chosen.length > 1 ? "Make the group" : "Open the conversation"}
				</button>
			</form>
		</Dialog>
	);
};
