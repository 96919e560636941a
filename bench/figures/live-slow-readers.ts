import { setTimeout as delay } from "node:timers/promises";
import { startSouk } from "../../test/support/souk.ts";
import { startClients } from "../support/child.ts";
import { BenchClient } from "../support/client.ts";
import type { Figure } from "../support/figure.ts";
import { median, round } from "../support/stats.ts";
import type { Flood, Flooded } from "../support/stream-clients.ts";
import type { Target } from "../support/stream-socket.ts";
import { people, talk } from "../support/talk.ts";

const followers = 95;
const stalled = 5;
const asking = 2;
const turns = 5;
/** What kernels take of what was missed is sent by then: that is catching up, which everybody may. */
const settleMs = 2_000;
/** More than what kernels hold for one who does not read: everybody who stalls is behind before the turn begins. */
const fill: Flood = { seconds: 2, postersPerStream: 16, pauseMs: 0, length: 8_000 };
const filled = 1_000;
/** On a machine that has no time at all they are fewer, as the note says. */
const fillRounds = 5;
/** A lively talk that leaves the machine some air: at its limit, any work at all is waited for. */
const chatter: Flood = { seconds: 4, postersPerStream: 16, pauseMs: 200 };

/** One in twenty follows and stops reading, some of whom ask for history all the time: what the others notice. */
export const liveSlowReaders = async (): Promise<Figure[]> => {
	const souk = await startSouk({ env: { LOG_LEVEL: "error" } });
	const client = new BenchClient(souk.url);
	const [clients, slow] = [startClients(), startClients()];
	try {
		const members = await people(client, followers + stalled);
		const stream = await talk(client, members);
		const port = Number(new URL(souk.url).port);
		const targets = members.map(({ token }): Target => ({ port, stream, token }));
		await clients.open(targets.slice(0, fill.postersPerStream), 5);
		let posts = 0;
		for (let round = 0; round < fillRounds && posts < filled; round++) posts += (await clients.flood(fill)).posts;
		await clients.open(targets.slice(fill.postersPerStream, followers), 5);
		await clients.flood({ ...chatter, seconds: 1 });
		const without = (): Promise<Flooded> => clients.flood(chatter);
		const beside = async (): Promise<Flooded> => {
			const behind = targets.slice(followers).map((target) => ({ ...target, after: 0 }));
			await slow.stall(behind, asking);
			await delay(settleMs);
			const flooded = await clients.flood(chatter);
			await slow.close();
			return flooded;
		};
		const all: { alone: Flooded; beside: Flooded }[] = [];
		for (let turn = 0; turn < turns; turn++) {
			// Which of the two comes first changes: a machine grows faster or slower in the course of a run.
			const first = turn % 2 === 0 ? await without() : null;
			const second = await beside();
			all.push({ alone: first ?? (await without()), beside: second });
		}
		const of = (pick: (one: (typeof all)[number]) => number, digits = 1): number => round(median(all.map(pick)), digits);
		return [
			{
				name: "p99 from post to follower, 5 % do not read ÷ all do",
				value: of((one) => one.beside.lagP99 / one.alone.lagP99, 2),
				unit: "×",
				bound: { most: 1.2 },
				note: `median of ${turns} turns; ${of((one) => one.beside.lagP99)} against ${of((one) => one.alone.lagP99)} ms, ack p99 ${of(
					(one) => one.beside.ackP99,
				)} against ${of((one) => one.alone.ackP99)} ms; ${stalled} of ${followers + stalled} lag behind by ${posts} messages of ${fill.length} characters, ${asking} of them ask for history`,
			},
		];
	} finally {
		client.close();
		await Promise.all([clients.end(), slow.end(), souk.stop()]);
	}
};
