import { useDeferredValue, useMemo, useState } from "react";
import type { ConnectionView, RingView } from "../../../../contracts/http/admin.ts";
import { Field } from "../../ui/field.tsx";
import { Badge, Empty, Loading } from "../../ui/states.tsx";
import { useAdminList, useRing } from "./queries.ts";
import { arcsOf, placeOf, sharesOf } from "./ring-arithmetic.ts";

/** Told apart by their place in the list as well, and named beside it: not by colour alone. */
const colours = ["#0f8f7a", "#d97706", "#4f6bd8", "#c2456b", "#6d8f1f", "#8a5cd1", "#0891b2", "#a16207"];

const at = (place: number, radius: number): string => {
	const angle = place * 2 * Math.PI - Math.PI / 2;
	return `${(100 + radius * Math.cos(angle)).toFixed(2)} ${(100 + radius * Math.sin(angle)).toFixed(2)}`;
};

const Picture = ({ members, stream }: { members: readonly string[]; stream: string }) => {
	const arcs = useMemo(() => arcsOf(members), [members]);
	const sorted = [...members].sort();
	return (
		<svg
			viewBox="0 0 200 200"
			className="mx-auto w-full max-w-72"
			role="img"
			aria-label={`A circle of ${arcs.length} arcs of ${members.length} nodes`}
		>
			{sorted.length === 1 && <circle cx="100" cy="100" r="80" fill="none" stroke={colours[0]} strokeWidth="22" />}
			{sorted.length > 1 &&
				arcs.map(({ owner, from, to }) => (
					<path
						key={from}
						d={`M ${at(from, 80)} A 80 80 0 ${to - from > 0.5 ? 1 : 0} 1 ${at(to, 80)}`}
						fill="none"
						stroke={colours[sorted.indexOf(owner) % colours.length]}
						strokeWidth="22"
					/>
				))}
			{stream && <path d={`M ${at(placeOf(stream), 62)} L ${at(placeOf(stream), 98)}`} stroke="currentColor" strokeWidth="3" />}
		</svg>
	);
};

const inStreams = (count: number): string => (count === 1 ? "1 stream" : `${count} streams`);

const Circle = ({
	name,
	ring,
	stream,
	streams,
}: {
	name: "chat" | "notification";
	ring: RingView;
	stream: string;
	streams: ReadonlyMap<string, number>;
}) => {
	const places = ring.rings[name];
	const members = useMemo(() => places.map(({ address }) => address), [places]);
	const shares = useMemo(() => sharesOf(arcsOf(members)), [members]);
	const sorted = [...places].sort((a, b) => (a.address < b.address ? -1 : 1));
	return (
		<section className="card" aria-label={`Ring of ${name}`}>
			<h2 className="mb-2 font-medium capitalize">{name}</h2>
			{members.length === 0 ? (
				<Empty title="Nobody takes streams" />
			) : (
				<>
					<Picture members={members} stream={ring.stream?.ring === name ? stream : ""} />
					<ul className="mt-3 grid gap-1 text-sm">
						{sorted.map(({ node, address }, index) => (
							<li key={address} className="flex items-center gap-2">
								<svg viewBox="0 0 10 10" className="size-3 shrink-0" aria-hidden="true">
									<rect width="10" height="10" rx="2" fill={colours[index % colours.length]} />
								</svg>
								<span className="truncate">{node || address}</span>
								{ring.suspects.includes(address) && <Badge tone="warn">suspected</Badge>}
								<span className="ms-auto whitespace-nowrap tabular-nums">
									{((shares.get(address) ?? 0) * 100).toFixed(1)} % · {inStreams(streams.get(node) ?? 0)}
								</span>
							</li>
						))}
					</ul>
				</>
			)}
		</section>
	);
};

/** Streams that somebody follows right now, by ring and node; of very many the first hundreds. */
const useStreams = () => {
	const { data } = useAdminList<ConnectionView>("connections", { live: "true", limit: 100 });
	return useMemo(() => {
		const rows = (data?.pages ?? []).flatMap(({ items }) => items);
		const countOf = (isInbox: boolean): ReadonlyMap<string, number> => {
			const seen = new Map(
				rows.filter(({ stream }) => stream.startsWith("inbox-") === isInbox).map(({ stream, node }) => [stream, node]),
			);
			const counts = new Map<string, number>();
			for (const node of seen.values()) counts.set(node, (counts.get(node) ?? 0) + 1);
			return counts;
		};
		return { chat: countOf(false), notification: countOf(true) };
	}, [data]);
};

const RingTab = () => {
	const [typed, setTyped] = useState("");
	const stream = useDeferredValue(/^[A-Za-z0-9._:-]{1,64}$/.test(typed.trim()) ? typed.trim() : "");
	const streams = useStreams();
	return (
		<Loading of={useRing(stream)}>
			{(ring) => (
				<div className="grid gap-4">
					<Field
						label="Whose is the stream"
						placeholder="Id of a conversation, or inbox-…"
						value={typed}
						onChange={(event) => setTyped(event.target.value)}
						hint={
							ring.stream
								? `${ring.stream.id} belongs to ${ring.stream.owner?.node ?? "nobody"}`
								: "Shown in the picture as a line."
						}
						className="max-w-md"
					/>
					<p className="text-muted text-sm">
						As {ring.node} sees it{ring.settled ? "." : ", which has only just started."}
					</p>
					<div className="grid gap-4 md:grid-cols-2">
						<Circle name="chat" ring={ring} stream={stream} streams={streams.chat} />
						<Circle name="notification" ring={ring} stream={stream} streams={streams.notification} />
					</div>
				</div>
			)}
		</Loading>
	);
};
export default RingTab;
