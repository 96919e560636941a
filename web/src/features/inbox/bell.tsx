import { useEffect, useState } from "react";
import { useStore } from "../../api/store.ts";
import { counters } from "../../live/inbox.ts";
import { Link } from "../../router/router.tsx";
import { Icon } from "../../ui/icons.tsx";
import { Disclosure } from "../../ui/menu.tsx";
import { NotificationList, readAll } from "./notification-list.tsx";
import { act, type Filter, useNotifications } from "./queries.ts";

const filters: readonly (readonly [Filter, string])[] = [
	["", "All"],
	["unread", "Unread"],
	["archived", "Archived"],
];

const Panel = ({ close }: { close: () => void }) => {
	const [filter, setFilter] = useState<Filter>("");
	const unseen = useStore(counters)?.unseen ?? 0;
	// What arrives while the list is open is seen as well.
	useEffect(() => {
		if (unseen > 0) act("seen").catch(() => undefined); // the badge stays, and the next look tries again
	}, [unseen]);
	return (
		<div className="flex max-h-[min(36rem,calc(100dvh-8rem))] flex-col">
			<div className="flex flex-wrap items-center gap-1 border-line border-b p-2">
				<h2 className="px-1 font-semibold">Notifications</h2>
				<button type="button" className="btn btn-quiet btn-small ms-auto" onClick={readAll}>
					Mark all read
				</button>
				<fieldset className="flex w-full gap-1">
					<legend className="sr-only">Show</legend>
					{filters.map(([name, words]) => (
						<button
							key={name}
							type="button"
							aria-pressed={filter === name}
							className="btn btn-quiet btn-small aria-pressed:bg-accent-soft aria-pressed:text-accent"
							onClick={() => setFilter(name)}
						>
							{words}
						</button>
					))}
				</fieldset>
			</div>
			<div className="min-h-40 overflow-y-auto pb-2">
				<NotificationList filter={filter} onGo={close} />
			</div>
			<Link to="/app/preferences" className="link border-line border-t p-3 text-center text-sm" onClick={close}>
				What I want to be told
			</Link>
		</div>
	);
};

export const Bell = () => {
	useNotifications(""); // the counters of the badge come with it
	const unseen = useStore(counters)?.unseen ?? 0;
	return (
		<Disclosure
			label={unseen > 0 ? `Notifications, ${unseen} new` : "Notifications"}
			className="btn btn-quiet relative min-h-11 px-2.5"
			panelClassName="max-sm:fixed max-sm:inset-x-2 max-sm:top-14 sm:w-96"
			button={
				<>
					<Icon name="bell" />
					{unseen > 0 && (
						<span
							className="absolute end-0.5 top-0.5 min-w-4.5 rounded-full bg-danger px-1 text-center font-semibold text-[0.6875rem] text-bg"
							data-badge={unseen}
							aria-hidden="true"
						>
							{unseen > 99 ? "99+" : unseen}
						</span>
					)}
				</>
			}
		>
			{(close) => <Panel close={close} />}
		</Disclosure>
	);
};
