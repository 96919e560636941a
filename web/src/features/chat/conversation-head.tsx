import { toast } from "sonner";
import type { ConversationView } from "../../../../contracts/http/chat.ts";
import { ask, post } from "../../api/http.ts";
import { wordsOf } from "../../api/problem.ts";
import { queries } from "../../api/queries.ts";
import { Link, navigate } from "../../router/router.tsx";
import { Time } from "../../ui/format.tsx";
import { Icon } from "../../ui/icons.tsx";
import { Disclosure } from "../../ui/menu.tsx";
import type { View } from "./conversation.ts";

const presenceWords = { online: "Online", away: "Away", offline: "Offline" } as const;

const Presence = ({ view, me }: { view: View; me: string }) => {
	const writing = [...view.typing.keys()].map((id) => view.members.get(id) ?? "Somebody");
	if (writing.length > 0) return <span data-typing>{writing.join(", ")} writing…</span>;
	if (view.state !== "live") return <span>{view.state === "closed" ? (view.error ?? "Closed") : "Connecting…"}</span>;
	const others = [...view.members.keys()].filter((id) => id !== me);
	if (others.length > 1) {
		const here = others.filter((id) => view.presence.get(id)?.state === "online").length;
		return (
			<span>
				{others.length + 1} people, {here} of the others online
			</span>
		);
	}
	const other = view.presence.get(others[0] ?? "");
	if (!other) return <span>Offline</span>;
	return (
		<span data-presence={other.state}>
			{presenceWords[other.state]}
			{other.state === "offline" && (
				<>
					, last seen <Time at={other.lastSeen} />
				</>
			)}
		</span>
	);
};

const row = "flex min-h-11 w-full items-center rounded-lg px-3 text-start text-sm hover:bg-sunken";

const Menu = ({ conversation, me }: { conversation: ConversationView; me: string }) => {
	const { streamId, mutedUntil, members } = conversation;
	const others = members.filter(({ id }) => id !== me);
	const isGroup = streamId.startsWith("g-");
	const act = (work: Promise<unknown>, done: string): void => {
		work.then(
			() => {
				toast.success(done);
				void queries.invalidateQueries({ queryKey: ["conversations"] });
			},
			(error: unknown) => toast.error(wordsOf(error)),
		);
	};
	const mute = (): void => {
		const past = new Date(0).toISOString();
		act(
			post(`/v1/conversations/${streamId}/mute`, mutedUntil ? { until: past } : {}),
			mutedUntil ? "You will be told again" : "Muted",
		);
	};
	const leave = (): void => {
		act(ask("DELETE", `/v1/conversations/${streamId}/members/${me}`), "You have left");
		navigate("/app/chat");
	};
	const other = others[0];
	return (
		<Disclosure
			label="More about this conversation"
			button={<Icon name="more" />}
			className="btn btn-quiet"
			panelClassName="w-56 p-2"
		>
			{(close) => (
				// biome-ignore lint/a11y/noStaticElementInteractions lint/a11y/useKeyWithClickEvents: the buttons in it are what is used; this only closes behind them
				<div onClick={close}>
					<button type="button" className={row} onClick={mute}>
						{mutedUntil ? "Unmute" : "Mute"}
					</button>
					{isGroup && (
						<button type="button" className={row} onClick={leave}>
							Leave the group
						</button>
					)}
					{!isGroup && other && (
						<>
							<button type="button" className={row} onClick={() => act(ask("PUT", `/v1/blocks/${other.id}`), "Blocked")}>
								Block
							</button>
							<button type="button" className={row} onClick={() => act(ask("DELETE", `/v1/blocks/${other.id}`), "Unblocked")}>
								Unblock
							</button>
						</>
					)}
				</div>
			)}
		</Disclosure>
	);
};

export const ConversationHead = (props: {
	title: string;
	view: View;
	me: string;
	conversation: ConversationView | undefined;
}) => (
	<div className="flex min-h-16 items-center gap-2 border-line border-b px-3">
		<Link to="/app/chat" className="btn btn-quiet btn-small min-h-11 md:hidden" aria-label="All conversations">
			<Icon name="back" />
		</Link>
		<div className="min-w-0 flex-1">
			<h2 className="truncate font-semibold" dir="auto">
				{props.title}
			</h2>
			<p className="min-h-4 truncate text-muted text-xs" aria-live="polite">
				<Presence view={props.view} me={props.me} />
			</p>
		</div>
		{props.conversation && <Menu conversation={props.conversation} me={props.me} />}
	</div>
);
