import type { GroupHealth } from "../../mixins/durable-events/port.ts";
import { sweepWords } from "./faults.ts";
import type { Follow, Position } from "./position.adapter.ts";

/** Who follows a collection writes down every ten seconds that they do. After so long without that, nobody does, in ms. */
const silentAfter = 30_000;
/** Seconds. */
const worryAfter = 60;

const words: Readonly<Record<Follow["state"], string>> = {
	starting: "starting",
	sweeping: "reading what could have been missed",
	tailing: "tailing",
	polling: "polling, because this server has no change streams: what is removed is not seen",
	away: "cannot be followed",
};

const swept = ({ sweep, state }: Follow): string => {
	if (!sweep || state === "polling") return "";
	const { documents, at, reason } = sweep;
	const found = documents === undefined ? "" : `: ${documents} documents`;
	return `; swept ${at} because ${sweepWords[reason]}${found}`;
};

const isWell = ({ state, lag, sweep }: Follow): boolean =>
	state === "tailing" ? lag < worryAfter : state === "sweeping" && sweep?.reason === "first";

const row = (collection: string, ok: boolean, lag: number, detail: string, inFlight = 0): GroupHealth => ({
	...{ group: `cdc.${collection}`, service: "cdc", ok, lag: Math.round(lag), inFlight, detail },
});

const rowOf = (collection: string, follow: Follow, inFlight?: number): GroupHealth => {
	const { state, lag, detail } = follow;
	const text = `${words[state]}, ${Math.round(lag)} s behind${detail === undefined ? "" : `: ${detail}`}${swept(follow)}`;
	return row(collection, isWell(follow), lag, text, inFlight);
};

/** A collection that is followed here. */
export interface Local {
	follow: Follow;
	inFlight: number;
}

/** One row a collection: from who follows it here, else from what its follower has written down. `now`: epoch ms. */
export const feedHealth = (
	collections: Iterable<string>,
	locals: ReadonlyMap<string, Local>,
	positions: readonly Position[],
	now: number,
): GroupHealth[] => {
	const written = new Map(positions.map((position) => [position._id, position]));
	return [...collections].map((collection) => {
		const local = locals.get(collection);
		if (local) return rowOf(collection, local.follow, local.inFlight);
		const position = written.get(collection);
		if (!position) return row(collection, false, 0, "nobody has followed it yet");
		const silent = now - position.seenAt;
		if (silent < silentAfter) return rowOf(collection, position);
		const lag = position.lag + silent / 1_000;
		return row(collection, false, lag, `nobody follows it since ${new Date(position.seenAt).toISOString()}`);
	});
};
