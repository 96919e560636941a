// The same ring as realtime/ring.ts (nginx's consistent hash), for the picture: there without a browser, here without Node.

const table = Uint32Array.from({ length: 256 }, (_, byte) => {
	let value = byte;
	for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ 0xedb88320 : value >>> 1;
	return value >>> 0;
});

const crc32 = (bytes: Uint8Array, before = 0): number => {
	let crc = ~before;
	for (const byte of bytes) crc = (table[(crc ^ byte) & 255] ?? 0) ^ (crc >>> 8);
	return ~crc >>> 0;
};

const utf8 = new TextEncoder();
const pointsPerMember = 160;
const full = 2 ** 32;

const pointsOf = (name: string): number[] => {
	const colon = name.lastIndexOf(":");
	const base = crc32(utf8.encode(`${name.slice(0, colon)}\0${name.slice(colon + 1)}`));
	const points: number[] = [];
	const before = new DataView(new ArrayBuffer(4));
	for (let index = 0; index < pointsPerMember; index++) {
		const point = crc32(new Uint8Array(before.buffer), base);
		points.push(point);
		before.setUint32(0, point, true);
	}
	return points;
};

export interface Arc {
	owner: string;
	/** Of the whole circle, 0 to 1. */
	from: number;
	to: number;
}

/** A stream belongs to the first point that is not before its hash, so each point owns the arc that ends in it. */
export const arcsOf = (members: readonly string[]): Arc[] => {
	const points = [...new Set(members)].sort().flatMap((owner) => pointsOf(owner).map((point) => ({ owner, point })));
	points.sort((a, b) => a.point - b.point);
	const arcs: Arc[] = [];
	let from = 0;
	for (const { owner, point } of points) {
		const to = point / full;
		if (to > from) arcs.push({ owner, from, to });
		from = Math.max(from, to);
	}
	const [first] = points;
	if (first) arcs.push({ owner: first.owner, from, to: 1 });
	return arcs;
};

export const sharesOf = (arcs: readonly Arc[]): ReadonlyMap<string, number> => {
	const shares = new Map<string, number>();
	for (const { owner, from, to } of arcs) shares.set(owner, (shares.get(owner) ?? 0) + to - from);
	return shares;
};

export const placeOf = (stream: string): number => crc32(utf8.encode(stream)) / full;
