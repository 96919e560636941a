import { toast } from "sonner";
import { ask } from "../../api/http.ts";
import { wordsOf } from "../../api/problem.ts";
import { queries } from "../../api/queries.ts";
import { Time } from "../../ui/format.tsx";
import { More } from "../../ui/more.tsx";
import { Badge, Empty, Loading } from "../../ui/states.tsx";
import { useAdminList } from "./queries.ts";

interface Letter {
	id: string;
	group: string;
	subject: string;
	entity: string;
	eventId: string;
	error: string;
	tries: number;
	firstAt: string;
	lastAt: string;
	event: unknown;
}

const act = (method: "POST" | "DELETE", path: string, done: string): void => {
	ask(method, `/v1/admin/dead-letters/${path}`, method === "POST" ? { body: {} } : {}).then(
		() => {
			toast.success(done);
			void queries.invalidateQueries({ queryKey: ["ops", "dead-letters"] });
		},
		(error: unknown) => toast.error(wordsOf(error)),
	);
};

const LetterCard = ({ letter }: { letter: Letter }) => {
	const { id, group, subject, entity, error, tries, firstAt, lastAt, event } = letter;
	return (
		<li className="card grid gap-2">
			<div className="flex flex-wrap items-center gap-2">
				<Badge tone="danger">{group}</Badge>
				<h2 className="font-medium">{subject}</h2>
				<span className="font-mono text-muted text-xs">{entity}</span>
				<span className="ms-auto flex gap-2">
					<button
						type="button"
						className="btn btn-small"
						onClick={() => act("POST", `${encodeURIComponent(id)}/retry`, "Handed to its group again")}
					>
						Retry
					</button>
					<button
						type="button"
						className="btn btn-small btn-danger"
						onClick={() => act("DELETE", encodeURIComponent(id), "Dropped")}
					>
						Drop
					</button>
				</span>
			</div>
			<p className="text-danger text-sm">{error}</p>
			<p className="text-muted text-sm">
				{tries} tries, from <Time at={firstAt} /> to <Time at={lastAt} />
			</p>
			<details>
				<summary className="text-sm">The event</summary>
				{/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard */}
				<pre tabIndex={0} className="mt-2 max-h-80 overflow-auto rounded-lg bg-sunken p-3 text-xs">
					{JSON.stringify(event, null, 2)}
				</pre>
			</details>
		</li>
	);
};

const DeadLettersTab = () => {
	const letters = useAdminList<Letter>("dead-letters");
	return (
		<>
			<Loading of={letters}>
				{({ pages }) => {
					const items = pages.flatMap((page) => page.items);
					if (items.length === 0) return <Empty title="No dead letters">Every event found its consumers.</Empty>;
					return (
						<ul className="grid gap-3">
							{items.map((letter) => (
								<LetterCard key={letter.id} letter={letter} />
							))}
						</ul>
					);
				}}
			</Loading>
			<More of={letters} />
		</>
	);
};
export default DeadLettersTab;
