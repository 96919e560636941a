import assert from "node:assert/strict";
import { connect, DiscardPolicy } from "nats";
import type { DomainEvent } from "../../../contracts/events.ts";
import { LocalRecords } from "../../../mixins/durable-events/local/local-records.ts";
import type { DeadLetter } from "../../../mixins/durable-events/port.ts";
import { StoreUnavailable } from "../../../mixins/store/errors.ts";
import { currentScope } from "../../../mixins/tracing/scope.ts";
import { bothBuses, type World } from "../../support/both-buses.ts";
import { type Consumer, type EventNode, startEventNode } from "../../support/event-node.ts";
import { Seen } from "../../support/seen.ts";
import { until } from "../../support/until.ts";

const streamOf = ({ settings }: World): string => `${settings.keyPrefix.toUpperCase()}_DEAD`;

/** Makes the store of dead letters refuse every letter; answers how to make it take them again. */
const refuseDeadLetters = async (world: World): Promise<() => Promise<void>> => {
	if (world.settings.transporter === null) {
		const { dead } = LocalRecords.prototype;
		LocalRecords.prototype.dead = () => Promise.reject(new Error("disk full"));
		return async () => {
			LocalRecords.prototype.dead = dead;
		};
	}
	const connection = await connect({ servers: world.settings.transporter });
	const jsm = await connection.jetstreamManager();
	await jsm.streams.update(streamOf(world), { max_bytes: 1, discard: DiscardPolicy.New });
	return async () => {
		await jsm.streams.update(streamOf(world), { max_bytes: -1 });
		await connection.close();
	};
};

bothBuses("durable events that fail", (newWorld, kind) => {
	const nodes: EventNode[] = [];
	const random = Math.random;
	const node = async (world: World, consumers: Consumer[]): Promise<EventNode> => {
		const started = await startEventNode(world, consumers);
		nodes.push(started);
		return started;
	};
	afterEach(async () => {
		Math.random = random;
		await Promise.all(nodes.splice(0).map((one) => one.stop()));
	});

	const failing = (tries: Seen, name = "reader", durable = { tries: 3, backoffMs: 10 }): Consumer => ({
		name,
		durable,
		handler: (event) => {
			throw new TypeError(`try ${tries.add(event.id)} failed`);
		},
	});

	const letters = async ({ bus }: EventNode, count: number): Promise<DeadLetter[]> => {
		const { items } = await until(
			`${count} dead letters`,
			() => bus.deadLetters.list({ limit: 50 }),
			({ items }) => items.length >= count,
		);
		assert.equal(items.length, count);
		return items;
	};

	const idle = ({ bus }: EventNode): Promise<unknown> =>
		until(
			"nothing to be left for any group",
			() => bus.health(),
			(groups) => groups.every(({ lag, inFlight }) => lag === 0 && inFlight === 0),
		);

	it("a handler that fails twice is called a third time, and then no more", async () => {
		const tries = new Seen();
		const handler = (event: DomainEvent): void => {
			if (tries.add(event.id) < 3) throw new Error("not yet");
		};
		const one = await node(await newWorld(), [{ name: "reader", durable: { backoffMs: 10 }, handler }]);
		const ids = [...(await one.write()), ...(await one.write())];
		await tries.all(ids, 3);
		await idle(one);
		assert.deepEqual(
			ids.map((id) => tries.of(id)),
			[3, 3],
		);
		assert.deepEqual(await one.bus.deadLetters.list({ limit: 10 }), { items: [], nextCursor: null });
	});

	it("the next try waits for its time, while other events go on", async () => {
		Math.random = () => 0.999; // no jitter: the wait is the minute that the backoff says
		const tries = new Seen();
		let failed: string | undefined;
		const handler = (event: DomainEvent): void => {
			failed ??= event.id;
			tries.add(event.id);
			if (event.id === failed) throw new Error("not now");
		};
		const one = await node(await newWorld(), [{ name: "reader", durable: { backoffMs: 60_000 }, handler }]);
		const [first = ""] = await one.write();
		await tries.all([first]);
		for (let round = 0; round < 5; round++)
			await tries.all((await Promise.all(Array.from({ length: 20 }, () => one.write()))).flat());
		assert.equal(tries.of(first), 1);
		assert.equal(tries.total, 101);
	});

	it("after the last try it is a dead letter that says all there is to know", async () => {
		const tries = new Seen();
		const one = await node(await newWorld(), [failing(tries)]);
		const [id = ""] = await one.write();
		const [letter] = await letters(one, 1);
		await idle(one);
		assert.ok(letter);
		const { firstAt, lastAt, event, ...facts } = letter;
		assert.deepEqual(facts, {
			id: letter.id,
			group: "reader",
			subject: kind === "embedded" ? "user.deleted" : letter.subject,
			entity: "s0",
			eventId: id,
			error: "TypeError: try 3 failed",
			tries: 3,
		});
		assert.match(letter.subject, /user\.deleted$/);
		assert.ok(Date.parse(firstAt) <= Date.parse(lastAt));
		assert.equal((event as DomainEvent).id, id);
		assert.deepEqual(await one.bus.deadLetters.get(letter.id), letter);
		assert.equal(tries.of(id), 3);
	});

	it("an event whose dead letter cannot be stored does not end", async () => {
		const world = await newWorld();
		const tries = new Seen();
		const one = await node(world, [failing(tries)]);
		const accept = await refuseDeadLetters(world);
		try {
			const [id = ""] = await one.write();
			await tries.all([id], 4); // one more than it would have had
			assert.deepEqual(await one.bus.deadLetters.list({ limit: 10 }), { items: [], nextCursor: null });
			assert.ok((await one.bus.health()).some(({ lag, inFlight }) => lag + inFlight > 0));
		} finally {
			await accept();
		}
		await letters(one, 1);
		await idle(one);
	});

	it("dead letters are listed newest first, by group and page by page", async () => {
		const tries = new Seen();
		const once = { tries: 1, backoffMs: 10 };
		const one = await node(await newWorld(), [failing(tries, "left", once), failing(tries, "right", once)]);
		for (let count = 1; count <= 5; count++) {
			await one.write();
			await letters(one, count * 2);
		}
		const all = await letters(one, 10);
		const pages: DeadLetter[] = [];
		for (let cursor: string | null = null; ; ) {
			const page: Awaited<ReturnType<typeof one.bus.deadLetters.list>> = await one.bus.deadLetters.list({
				group: "left",
				limit: 2,
				...(cursor ? { cursor } : {}),
			});
			pages.push(...page.items);
			cursor = page.nextCursor;
			if (!cursor) break;
		}
		assert.deepEqual(
			pages,
			all.filter(({ group }) => group === "left"),
		);
		assert.equal(pages.length, 5);
		const times = all.map(({ lastAt }) => Date.parse(lastAt));
		assert.deepEqual(
			times,
			times.toSorted((a, b) => b - a),
		);
	});

	it("a dead letter that is tried again goes to its group alone, and off the list", async () => {
		const tries = new Seen();
		const others = new Seen();
		const traces: string[] = [];
		let works = false;
		const handler = (event: DomainEvent): void => {
			tries.add(event.id);
			traces.push(`${event.traceparent?.slice(3, 35)} ${currentScope()?.trace.traceId}`);
			if (!works) throw new Error("broken");
		};
		const one = await node(await newWorld(), [
			{ name: "reader", durable: { tries: 2, backoffMs: 10 }, handler },
			{ name: "other", handler: (event) => void others.add(event.id) },
		]);
		const [id = ""] = await one.write();
		const [letter] = await letters(one, 1);
		works = true;
		assert.equal(await one.bus.deadLetters.retry(letter?.id ?? ""), true);
		await tries.all([id], 3);
		await idle(one);
		assert.deepEqual([tries.of(id), others.of(id)], [3, 1]);
		const [trace = ""] = traces[0]?.split(" ") ?? [];
		assert.deepEqual(new Set(traces), new Set([`${trace} ${trace}`])); // each try is part of what it came of
		assert.equal(await one.bus.deadLetters.get(letter?.id ?? ""), null);
		assert.equal(await one.bus.deadLetters.retry(letter?.id ?? ""), false);
	});

	it("a dead letter that is tried again in vain is a dead letter again", async () => {
		const tries = new Seen();
		const one = await node(await newWorld(), [failing(tries)]);
		const [id = ""] = await one.write();
		const [letter] = await letters(one, 1);
		await one.bus.deadLetters.retry(letter?.id ?? "");
		await tries.all([id], 6);
		const [again] = await letters(one, 1);
		assert.deepEqual([again?.eventId, again?.tries], [id, 3]);
		await idle(one);
		assert.equal(tries.of(id), 6);
	});

	it("a dead letter that is dropped is gone", async () => {
		const tries = new Seen();
		const one = await node(await newWorld(), [failing(tries)]);
		await one.write();
		const [letter] = await letters(one, 1);
		assert.equal(await one.bus.deadLetters.drop(letter?.id ?? ""), true);
		assert.deepEqual(await letters(one, 0), []);
		assert.equal(await one.bus.deadLetters.drop(letter?.id ?? ""), false);
		assert.equal(await one.bus.deadLetters.drop("no such letter"), false);
	});

	it("what fails because something is away is tried until that is back, without counting tries", async () => {
		const tries = new Seen();
		const handler = (event: DomainEvent): void => {
			if (tries.add(event.id) <= 3) throw new StoreUnavailable("away");
		};
		const one = await node(await newWorld(), [{ name: "reader", durable: { tries: 1 }, handler }]);
		const [id = ""] = await one.write();
		await tries.all([id], 4);
		await idle(one);
		assert.deepEqual((await one.bus.deadLetters.list({ limit: 1 })).items, []);
	});

	it("tries and waits survive a restart", async () => {
		const world = await newWorld();
		const tries = new Seen();
		const consumer = failing(tries, "reader", { tries: 6, backoffMs: 10 });
		const one = await node(world, [consumer]);
		const [id = ""] = await one.write();
		await tries.all([id], 3);
		await one.stop();
		const before = tries.of(id);
		const two = await node(world, [consumer]);
		const [letter] = await letters(two, 1);
		assert.ok(tries.of(id) <= 7, `${before} tries before the restart, ${tries.of(id)} in all`);
		assert.equal(letter?.tries, 6);
	});

	it("a dead letter that is tried again is not lost when the process stops meanwhile", async () => {
		const world = await newWorld();
		const tries = new Seen();
		const one = await node(world, [failing(tries)]);
		const [id = ""] = await one.write();
		const [letter] = await letters(one, 1);
		await one.stop();
		const stuck = new Seen();
		const away: Consumer = {
			name: "reader",
			handler: (event) => {
				stuck.add(event.id);
				throw new StoreUnavailable("away");
			},
		};
		const two = await node(world, [away]);
		assert.equal(await two.bus.deadLetters.retry(letter?.id ?? ""), true);
		await stuck.all([id]);
		await two.stop();
		const works = new Seen();
		const three = await node(world, [{ name: "reader", handler: (event) => void works.add(event.id) }]);
		await works.all([id]);
		await idle(three);
		assert.deepEqual([works.of(id), (await three.bus.deadLetters.list({ limit: 1 })).items], [1, []]);
	});
});
