import { connect, type Entry, type SoukClient, type Stream } from "../../client/index.ts";
import type { Tell } from "./story.ts";

// Buyer and seller talk, over sockets and the client that browsers use.

export interface Talker {
	name: string;
	token: string;
}

const textOf = ({ body }: Entry): string => (body as { text: string }).text;

const arrival = (stream: Stream, text: string): Promise<Entry> =>
	new Promise((resolve) => {
		const stop = stream.on("entry", (entry) => {
			if (textOf(entry) !== text) return;
			stop();
			resolve(entry);
		});
	});

const say = async (from: Stream, to: Stream, text: string): Promise<{ seq: number; ms: number }> => {
	const began = performance.now();
	const [seen] = await Promise.all([arrival(to, text), from.post(text)]);
	return { seq: seen.seq, ms: performance.now() - began };
};

const take = async (stream: Stream, count: number): Promise<Entry[]> => {
	const entries: Entry[] = [];
	for await (const entry of stream) if (entries.push(entry) === count) break;
	return entries;
};

const missed = ["It left the house.", "The driver is Ravi.", "Ten minutes!"];

/** Both are members of the conversation. Ends with what the buyer missed while away. */
export const talk = async (url: string, streamId: string, buyer: Talker, seller: Talker, tell: Tell): Promise<string[]> => {
	const clients: SoukClient[] = [];
	const follow = ({ token }: Talker, options = {}): Stream => {
		const client = connect({ url, token });
		clients.push(client);
		return client.conversation(streamId, options);
	};
	try {
		const [mine, theirs] = [follow(buyer), follow(seller)];
		await Promise.all([mine, theirs].map((stream) => new Promise((resolve) => stream.on("ready", resolve))));
		const asked = await say(mine, theirs, "Is it on its way?");
		tell(
			`${buyer.name} asked where it is; ${seller.name} saw it after ${asked.ms.toFixed(0)} ms, stored, as number ${asked.seq}`,
		);
		mine.close();
		for (const text of missed) await theirs.post(text);
		const back = follow(buyer, { after: asked.seq });
		return (await take(back, missed.length)).map(textOf);
	} finally {
		for (const client of clients) client.close();
	}
};

export const missedTexts: readonly string[] = missed;
