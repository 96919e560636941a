import type {
	ActiveStreams,
	ConnectionView,
	InboxState,
	NodeView,
	OutboxView,
	RingView,
	StreamView,
} from "../../../contracts/http/admin.ts";
import type { PageOf } from "../../../mixins/paging/page.ts";
import { type Command, paging } from "../command.ts";
import { idOfUser } from "./people.ts";
import { listed, pageParams, word } from "./words.ts";

// Nodes, rings, streams and who is connected.

const mib = (bytes: number | null): string | null => (bytes === null ? null : `${Math.round(bytes / 2 ** 20)} MiB`);

const viewOf = ({ node, settled, suspects }: RingView): string =>
	[
		`As ${node} sees it${settled ? "" : ", which has just started"}.`,
		...(suspects.length > 0 ? [`Passed over for a moment: ${suspects.join(", ")}.`] : []),
	].join(" ");

export const clusterCommands: readonly Command[] = [
	{
		name: "nodes",
		words: [],
		summary: "The processes of this Souk: what they run and how they do",
		options: paging,
		async run(operator, given) {
			const page = await operator.call<PageOf<NodeView>>("gateway.nodes", pageParams(given));
			return listed(page, ({ id, ready, services, sockets, cpu, memory, uptime }) => ({
				node: id,
				ready,
				rings: sockets?.rings ?? [],
				services,
				...{ cpu: cpu === null ? null : `${cpu} %`, memory: mib(memory), uptime: uptime === null ? null : `${uptime} s` },
			}));
		},
	},
	{
		name: "ring",
		words: [],
		summary: "Which nodes take streams",
		async run(operator) {
			const view = await operator.call<RingView>("gateway.ring");
			const rows = Object.entries(view.rings).flatMap(([ring, places]) => places.map((place) => ({ ring, ...place })));
			return { data: view, rows, note: viewOf(view) };
		},
	},
	{
		name: "owner",
		words: ["stream"],
		summary: "Which node owns a stream",
		async run(operator, given) {
			const view = await operator.call<RingView>("gateway.ring", { stream_id: word(given, 0) });
			const { id, ring, owner } = view.stream ?? { id: "", ring: "", owner: null };
			return { data: view.stream, rows: { stream: id, ring, node: owner?.node, address: owner?.address }, note: viewOf(view) };
		},
	},
	{
		name: "stream",
		words: ["stream"],
		summary: "A conversation or an inbox at the node that owns it",
		async run(operator, given) {
			const view = await operator.call<StreamView>("gateway.stream", { id: word(given, 0) });
			return { data: view, rows: view };
		},
	},
	{
		name: "streams",
		words: [],
		summary: "Streams that somebody follows or wrote to a moment ago",
		options: { node: { type: "string", help: "Only those of this node" }, ...paging },
		async run(operator, given) {
			const { node } = given.values;
			const page = await operator.call<ActiveStreams>("gateway.streams", { ...pageParams(given), ...(node && { node }) });
			const shown = listed(page, (row) => row);
			return page.silent.length === 0 ? shown : { ...shown, note: `No answer from ${page.silent.join(", ")}. ${shown.note ?? ""}` }; // biome-ignore format: one line
		},
	},
	{
		name: "drain",
		words: ["node"],
		summary: "Take a node off the rings, before it is stopped",
		details:
			"Its streams move to others, and their clients with them; it does everything else as before, until it starts again. Refused where no other node could take them.",
		asks: (given) => `All streams of ${word(given, 0)} move to other nodes.`,
		async run(operator, given) {
			const done = await operator.call<{ id: string }>("gateway.drainNode", { id: word(given, 0) });
			return { data: done, rows: { drained: done.id } };
		},
	},
	{
		name: "outboxes",
		words: [],
		summary: "Events that wait in the documents that they are about",
		options: paging,
		async run(operator, given) {
			return listed(await operator.call<PageOf<OutboxView>>("gateway.outboxes", pageParams(given)), (row) => row);
		},
	},
	{
		name: "connections",
		words: [],
		summary: "Sockets: those that are open, and those that ended within a day",
		options: {
			user: { type: "string", help: "Id or e-mail address of whose they are" },
			node: { type: "string", help: "Which serves them" },
			live: { type: "boolean", help: "Only those that are open" },
			...paging,
		},
		async run(operator, given) {
			const { user, node, live } = given.values;
			const whose = user === undefined ? {} : { user: await idOfUser(operator, String(user)) };
			const params = { ...pageParams(given), ...whose, ...(node && { node }), ...(live && { live }) };
			return listed(await operator.call<PageOf<ConnectionView>>("gateway.connections", params), (row) => ({
				...{ user: row.userId, stream: row.stream, node: row.node, address: row.address, since: row.connectedAt },
				...{ ended: row.endedAt, by: row.endedBy, agent: row.agent },
			}));
		},
	},
	{
		name: "inbox",
		words: ["user"],
		summary: "The inbox of a user, by id or e-mail address: counters, devices, what is not wanted",
		details: "Not what stands in it.",
		async run(operator, given) {
			const userId = await idOfUser(operator, word(given, 0));
			const state = await operator.call<InboxState>("gateway.inboxState", { userId });
			const { counters, preferences, ...rest } = state;
			const { unseen, unread, total } = counters;
			return { data: state, rows: { ...rest, unseen, unread, total, ...preferences } };
		},
	},
];
