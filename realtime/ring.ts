import { crc32 } from "node:zlib";

// Who owns a stream. The same arithmetic as nginx's `hash $arg_stream_id consistent` (ngx_http_upstream_hash_module.c, after
// Cache::Memcached::Fast), so that a plain nginx in front sends each socket to its owner without knowing anything of us.

export const ringNames = ["chat", "notification"] as const;
/** A ring is named for the service whose nodes are on it. */
export type RingName = (typeof ringNames)[number];

/** Inboxes belong to the nodes of notification, all other streams to those of chat. In nginx this is a `map` on the argument. */
export const ringOf = (stream: string): RingName => (stream.startsWith("inbox-") ? "notification" : "chat");

const pointsPerMember = 160;
/** A point and its member's place in one double: 32 bits and 16 bits fit into its 53. */
const places = 65_536;

/** crc32(host, NUL, port, the point before it), little endian, as nginx does for a server of weight 1. */
const pointsOf = (name: string): Uint32Array => {
	const port = /:(\d*)$/.exec(name);
	const host = port ? name.slice(0, port.index) : name;
	const base = crc32(`${host}\0${port?.[1] ?? ""}`);
	const points = new Uint32Array(pointsPerMember);
	const before = Buffer.alloc(4);
	for (let index = 0; index < pointsPerMember; index++) {
		const point = crc32(before, base);
		points[index] = point;
		before.writeUInt32LE(point);
	}
	return points;
};

/** As many hashes as there are. */
const circle = 2 ** 32;

/**
 * Consistent hash over members named `host:port`, as they stand in nginx's `upstream`. Never changed: `withMembers` makes the next one
 * and computes only what is new to it. A member costs 160 points of 6 bytes and as many of 4 to be added to the next ring.
 */
export class Ring {
	/** Sorted, each once. */
	readonly members: readonly string[];
	readonly #pointsOf: ReadonlyMap<string, Uint32Array>;
	readonly #points: Uint32Array;
	readonly #owners: Uint16Array;

	private constructor(members: readonly string[], known: ReadonlyMap<string, Uint32Array>) {
		this.members = members;
		this.#pointsOf = new Map(members.map((name) => [name, known.get(name) ?? pointsOf(name)]));
		const all = new Float64Array(members.length * pointsPerMember);
		let count = 0;
		members.forEach((name, place) => {
			for (const point of this.#pointsOf.get(name) ?? []) all[count++] = point * places + place;
		});
		all.sort();
		// Of members that share a point the first has it. nginx takes the first of its list: let that be sorted too.
		const kept = all.filter((key, at) => at === 0 || Math.floor(key / places) !== Math.floor((all[at - 1] ?? 0) / places));
		this.#points = Uint32Array.from(kept, (key) => Math.floor(key / places));
		this.#owners = Uint16Array.from(kept, (key) => key % places);
	}

	static readonly empty = new Ring([], new Map());

	/** At most 65,536. */
	withMembers(names: Iterable<string>): Ring {
		return new Ring([...new Set(names)].sort(), this.#pointsOf);
	}

	/** Null when nobody is there. */
	owner(stream: string): string | null {
		return this.#memberAt(this.#indexOf(stream));
	}

	/** The part of all streams that belongs to this member, 0 to 1: the arcs that end at its points. */
	share(name: string): number {
		const place = this.members.indexOf(name);
		let held = 0;
		for (let at = 0; at < this.#points.length; at++) {
			if (this.#owners[at] !== place) continue;
			// The first arc begins at the last point and goes on past the end.
			held += (this.#points[at] ?? 0) - (at === 0 ? (this.#points.at(-1) ?? 0) - circle : (this.#points[at - 1] ?? 0));
		}
		return held / circle;
	}

	/** All members, the owner first, then in the order in which they would follow it. nginx goes on in the same order when one is down. */
	*from(stream: string): Generator<string> {
		const start = this.#indexOf(stream);
		const seen = new Set<string>();
		for (let step = 0; step < this.#points.length && seen.size < this.members.length; step++) {
			const name = this.#memberAt(start + step);
			if (name === null || seen.has(name)) continue;
			seen.add(name);
			yield name;
		}
	}

	/** The first point that is not before the stream's hash; one past the end stands for the first. */
	#indexOf(stream: string): number {
		const hash = crc32(stream);
		let low = 0;
		let high = this.#points.length;
		while (low < high) {
			const middle = (low + high) >>> 1;
			if (hash > (this.#points[middle] ?? 0)) low = middle + 1;
			else high = middle;
		}
		return low;
	}

	#memberAt(index: number): string | null {
		const owner = this.#owners[index % this.#points.length];
		return owner === undefined ? null : (this.members[owner] ?? null);
	}
}
