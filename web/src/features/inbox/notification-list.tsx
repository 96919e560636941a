import { toast } from "sonner";
import type { NotificationItem } from "../../../../contracts/http/notifications.ts";
import { wordsOf } from "../../api/problem.ts";
import { Link } from "../../router/router.tsx";
import { Time } from "../../ui/format.tsx";
import { More } from "../../ui/more.tsx";
import { Empty, Loading, Skeletons } from "../../ui/states.tsx";
import { act, type Filter, useNotifications } from "./queries.ts";
import { wordsFor } from "./words.ts";

const tell = (work: Promise<void>): void => {
	work.catch((error: unknown) => toast.error(wordsOf(error)));
};

const tool = "rounded px-1.5 py-1 text-muted text-xs underline-offset-2 hover:underline";

const Item = ({ item, onGo }: { item: NotificationItem; onGo: () => void }) => {
	if (item.body === null) return null;
	const { title, text, to } = wordsFor(item.body);
	const set = (action: "read" | "unread" | "archive"): void => tell(act(`${item.id}/${action}`));
	const words = (
		<>
			<span className="flex items-baseline justify-between gap-2">
				<span className={`truncate ${item.read ? "" : "font-semibold"}`} dir="auto">
					{title}
				</span>
				<Time at={item.at} className="shrink-0 text-muted text-xs" />
			</span>
			<span className="line-clamp-2 text-muted text-sm" dir="auto">
				{text}
			</span>
		</>
	);
	return (
		<li className="grid grid-cols-[0.75rem_1fr] px-3 py-2 hover:bg-sunken" data-notification={item.id} data-read={item.read}>
			<span className="pt-2">
				{!item.read && (
					<span className="block size-2 rounded-full bg-accent">
						<span className="sr-only">Unread</span>
					</span>
				)}
			</span>
			<div className="min-w-0">
				{to === null ? (
					words
				) : (
					<Link
						to={to}
						className="block"
						onClick={() => {
							if (!item.read) set("read");
							onGo();
						}}
					>
						{words}
					</Link>
				)}
				<div className="-ms-1.5 flex gap-1">
					<button type="button" className={tool} onClick={() => set(item.read ? "unread" : "read")}>
						{item.read ? "Mark unread" : "Mark read"}
					</button>
					{!item.archived && (
						<button type="button" className={tool} onClick={() => set("archive")}>
							Archive
						</button>
					)}
				</div>
			</div>
		</li>
	);
};

export const NotificationList = ({ filter, onGo }: { filter: Filter; onGo: () => void }) => {
	const query = useNotifications(filter);
	return (
		<>
			<Loading of={query} skeleton={<Skeletons count={3} className="h-14" />}>
				{({ pages }) => {
					const items = pages.flatMap((page) => page.items);
					if (items.length === 0) return <Empty title={filter === "unread" ? "All is read" : "Nothing here"} />;
					return (
						<ul className="divide-y divide-line">
							{items.map((item) => (
								<Item key={item.id} item={item} onGo={onGo} />
							))}
						</ul>
					);
				}}
			</Loading>
			<More of={query} />
		</>
	);
};

export const readAll = (): void => tell(act("read-all"));
