import { connect, type SoukClient } from "../../client/index.ts";
import type { Stream } from "../../client/stream.ts";
import type { Entry } from "../../realtime/entry.ts";

// Many followers in a process of their own, so that their work is not the test's. argv: JSON of `Crowd`. On stdin "end" ends it;
// on stdout a line of JSON for each thing that the test waits for.

export interface Crowd {
	/** Where clients come in; they are spread over these. */
	urls: readonly string[];
	people: readonly { token: string; streams: readonly string[] }[];
}

export interface CrowdReport {
	live: number;
	/** Entries, by all of them together. */
	seen: number;
	connections: number;
	/** When each came back after its connection was lost, epoch ms. */
	back: number[];
	/** When each was told to move or lost its connection. */
	lost: number[];
	problems: string[];
	entries: Record<string, number[]>;
}

const say = (line: object): void => void process.stdout.write(`${JSON.stringify(line)}\n`);

const main = async (): Promise<void> => {
	const crowd = JSON.parse(process.argv[2] ?? "") as Crowd;
	const clients: SoukClient[] = [];
	const streams: Stream[] = [];
	const report: CrowdReport = { live: 0, seen: 0, connections: 0, back: [], lost: [], problems: [], entries: {} };
	const follow = (client: SoukClient, id: string): void => {
		const stream = client.conversation(id, { after: 0 });
		streams.push(stream);
		const seen: number[] = [];
		report.entries[`${streams.length} ${id}`] = seen;
		let wasLive = false;
		stream.on("entry", ({ seq }: Entry) => {
			seen.push(seq);
			report.seen += 1;
		});
		stream.on("problem", ({ code }) => void report.problems.push(code));
		stream.on("state", ({ kind }) => {
			if (kind === "live") {
				report.connections += 1;
				if (wasLive) report.back.push(Date.now());
				wasLive = true;
			} else if (wasLive && kind === "waiting") report.lost.push(Date.now());
		});
	};
	crowd.people.forEach(({ token, streams: ids }, index) => {
		const client = connect({ url: crowd.urls[index % crowd.urls.length] ?? "", token, transports: ["websocket"] });
		clients.push(client);
		for (const id of ids) follow(client, id);
	});
	const count = (): number => streams.filter(({ state }) => state.kind === "live").length;
	const tell = setInterval(() => say({ live: count(), seen: report.seen, connections: report.connections }), 200);
	// "end", or the end of whoever started this.
	process.stdin.once("data", () => {
		clearInterval(tell);
		say({ ...report, live: count() });
		for (const client of clients) client.close();
		process.stdin.destroy();
	});
	process.stdin.once("end", () => process.exit());
};

await main();
