import assert from "node:assert/strict";
import { LogUnavailable, LogUncertain } from "../../realtime/log.ts";
import { follow, StreamHouse, said, steered } from "../support/stream-house.ts";

const refuse = async (): Promise<never> => {
	throw new LogUnavailable("refused");
};
const code = (expected: string) => (error: Error & { code?: string }) => error.code === expected;
const settled = async (promise: Promise<unknown>): Promise<boolean> => {
	let done = false;
	promise.then(
		() => {
			done = true;
		},
		() => {
			done = true;
		},
	);
	await new Promise((resolve) => setImmediate(resolve));
	return done;
};

describe("a post to a stream", () => {
	let house: StreamHouse;
	beforeEach(() => {
		house = new StreamHouse();
	});
	afterEach(() => house.log.close());

	it("is answered with its seq and the time at which it was taken in", async () => {
		const engine = house.engine();
		const at = new Date(house.timers.now()).toISOString();
		assert.deepEqual(await engine.post("s", said("a")), { seq: 1, at, repeated: false });
		assert.deepEqual(await engine.post("s", said("b")), { seq: 2, at, repeated: false });
		assert.deepEqual(await house.log.at("s", 2), { ...said("b"), stream: "s", seq: 2, at });
		await engine.stop();
	});

	it("is not answered before the log has it", async () => {
		const log = steered(house.log);
		const engine = house.engine({ log });
		const written = Promise.withResolvers<void>();
		log.next.set("append", [(call) => written.promise.then(call)]);
		const post = engine.post("s", said("a"));
		await house.timers.settle();
		assert.equal(await settled(post), false);
		written.resolve();
		assert.equal((await post).seq, 1);
		await engine.stop();
	});

	it("leaves together with those that came while a write was in flight: one write, one frame", async () => {
		const log = steered(house.log);
		const engine = house.engine({ log });
		const sink = await follow(engine, "s");
		const first = Promise.withResolvers<void>();
		log.next.set("append", [(call) => first.promise.then(call)]);
		const posts = [engine.post("s", said("p0"))];
		await house.timers.settle();
		for (let i = 1; i < 64; i += 1) posts.push(engine.post("s", said(`p${i}`)));
		await house.timers.settle();
		first.resolve();
		const seqs = (await Promise.all(posts)).map(({ seq }) => seq);
		assert.deepEqual(
			seqs,
			posts.map((_, index) => index + 1),
		);
		assert.equal(house.log.calls.append, 2);
		assert.deepEqual(
			sink.of("entries").map((entries) => (entries as unknown[]).length),
			[1, 63],
		);
		await engine.stop();
	});

	it("costs at most a tenth of a database command when 64 people post one after the other", async () => {
		const engine = house.engine();
		await Promise.all(
			Array.from({ length: 64 }, async (_, poster) => {
				for (let i = 0; i < 20; i += 1) await engine.post("s", said(`p${i}`, "hello", `user${poster}`));
			}),
		);
		assert.equal(await house.log.tail("s"), 1_280);
		const commands = Object.values(house.log.calls).reduce((sum, calls) => sum + calls, 0);
		assert.ok(commands <= 128, `${commands} commands`);
		await engine.stop();
	});

	it("waits for the next write when a batch has as many entries, or bytes, as it may", async () => {
		const engine = house.engine({}, { batchEntries: 2 });
		await Promise.all(["a", "b", "c", "d", "e"].map((id) => engine.post("s", said(id))));
		assert.equal(house.log.calls.append, 3);
		const small = house.engine({}, { batchBytes: 2_000 });
		await Promise.all(["a", "b", "c"].map((id) => small.post("t", said(id, "x".repeat(900)))));
		assert.equal(house.log.calls.append, 3 + 3);
		await Promise.all([engine.stop(), small.stop()]);
	});

	it("carries its durable events, made for the seq that it gets in the end", async () => {
		const log = steered(house.log);
		const engine = house.engine({ log });
		const made: number[] = [];
		await engine.post("s", said("first"));
		await house.write("s", "foreign");
		const subjects: string[] = [];
		const append = log.append;
		log.append = (drafts) => {
			subjects.push(...drafts.flatMap(({ events }) => events.map(({ subject }) => subject)));
			return append(drafts);
		};
		const events = ({ seq }: { seq: number }) => {
			made.push(seq);
			const data = { userId: "ada" };
			return [{ type: "user.deleted", subject: `entry ${seq}`, data }] as const;
		};
		assert.equal((await engine.post("s", { ...said("a"), events })).seq, 3);
		assert.deepEqual(made, [2, 3]);
		assert.deepEqual(subjects, ["entry 2", "entry 3"]);
		await engine.stop();
	});
});

describe("a post with an id that was used", () => {
	let house: StreamHouse;
	beforeEach(() => {
		house = new StreamHouse();
	});
	afterEach(() => house.log.close());

	it("is answered with the first seq and time, from memory or from the log", async () => {
		const engine = house.engine({}, { recentEntries: 1 });
		const first = await engine.post("s", said("a"));
		assert.deepEqual(await engine.post("s", said("a")), { ...first, repeated: true });
		assert.equal(house.log.calls.append, 1, "its entry was in memory");
		await engine.post("s", said("b"));
		await house.timers.pass(10);
		assert.deepEqual(await engine.post("s", said("a")), { ...first, repeated: true });
		assert.equal(house.log.calls.append, 3, "its entry was no longer in memory");
		assert.equal(await house.log.tail("s"), 2);
		await engine.stop();
	});

	it("is refused if it says something else: from memory, from the log, and by type", async () => {
		const engine = house.engine({}, { recentEntries: 1 });
		await engine.post("s", said("a"));
		await assert.rejects(engine.post("s", said("a", "other")), code("ID_REUSED"));
		await assert.rejects(engine.post("s", { ...said("a"), type: "message.edited" }), code("ID_REUSED"));
		await engine.post("s", said("b"));
		await assert.rejects(engine.post("s", said("a", "other")), code("ID_REUSED"));
		assert.equal(await house.log.tail("s"), 2);
		await engine.stop();
	});

	it("is another post if another person uses the id, and the same whatever the order of its members", async () => {
		const engine = house.engine();
		await engine.post("s", { ...said("a"), body: { x: 1, y: 2 } });
		assert.equal((await engine.post("s", { ...said("a"), from: "bob" })).seq, 2);
		assert.equal((await engine.post("s", { ...said("a"), body: { y: 2, x: 1 } })).seq, 1);
		await engine.stop();
	});

	it("is folded before the batch leaves, and while it is in flight", async () => {
		const log = steered(house.log);
		const engine = house.engine({ log });
		await engine.post("s", said("before"));
		const written = Promise.withResolvers<void>();
		log.next.set("append", [(call) => written.promise.then(call)]);
		const one = engine.post("s", said("a"));
		const two = engine.post("s", said("a"));
		const other = engine.post("s", said("a", "other"));
		const refused = assert.rejects(other, code("ID_REUSED"));
		await house.timers.settle();
		const three = engine.post("s", said("a"));
		written.resolve();
		assert.deepEqual(
			(await Promise.all([one, two, three])).map(({ seq, repeated }) => [seq, repeated]),
			[
				[2, false],
				[2, true],
				[2, true],
			],
		);
		await refused;
		assert.equal(house.log.calls.append, 2);
		await engine.stop();
	});

	it("is believed if its body was erased", async () => {
		const engine = house.engine();
		const { at } = await engine.post("s", said("a"));
		house.log.erase({ ...said("a"), stream: "s", seq: 1, at });
		engine.forget("s");
		assert.equal((await engine.post("s", said("a"))).seq, 1);
		await engine.stop();
	});

	it("in a batch lets its others keep their place before those who wait", async () => {
		await house.write("s", "old");
		const log = steered(house.log);
		const engine = house.engine({ log });
		const written = Promise.withResolvers<void>();
		log.next.set("append", [(call) => written.promise.then(call)]);
		const posts = ["a", "old", "b", "c"].map((id) => engine.post("s", said(id)));
		await house.timers.settle();
		posts.push(...["d", "e"].map((id) => engine.post("s", said(id))));
		written.resolve();
		const seqs = (await Promise.all(posts)).map(({ seq }) => seq);
		assert.deepEqual(seqs, [2, 1, 3, 4, 5, 6]);
		await engine.stop();
	});

	it("costs no write of its own when many come again at once, as after the death of an owner", async () => {
		const ids = Array.from({ length: 40 }, (_, index) => `old-${index}`);
		await house.write("s", ...ids);
		const engine = house.engine();
		const posts = ["new", ...ids.slice(0, 20), "newer", ...ids.slice(20), "newest"].map((id) => engine.post("s", said(id)));
		const other = assert.rejects(engine.post("s", said("old-7", "another text")), code("ID_REUSED"));
		const answers = await Promise.all(posts);
		await other;
		const old = answers.filter(({ repeated }) => repeated).map(({ seq }) => seq);
		assert.deepEqual(
			old,
			Array.from(ids, (_, index) => index + 1),
		);
		const fresh = answers.filter(({ repeated }) => !repeated).map(({ seq }) => seq);
		assert.deepEqual(fresh, [41, 42, 43]);
		// That of the test, the one that met the first repeat, and the rest.
		assert.equal(house.log.calls.append, 3);
		await engine.stop();
	});

	it("is answered by the refusal of its own where it cannot be looked up", async () => {
		await house.write("s", "old", "older");
		const log = steered(house.log);
		const engine = house.engine({ log });
		log.next.set("posted", [refuse]);
		const posts = ["old", "older", "new"].map((id) => engine.post("s", said(id)));
		assert.deepEqual(
			(await Promise.all(posts)).map(({ seq }) => seq),
			[1, 2, 3],
		);
		await engine.stop();
	});

	it("that came through another owner is not shown before what lies between, and nothing runs into a taken seq", async () => {
		const engine = house.engine();
		const sink = await follow(engine, "s");
		await engine.post("s", said("mine"));
		await house.write("s", "theirs", "again");
		assert.equal((await engine.post("s", said("again"))).seq, 3);
		assert.equal((await engine.post("s", said("new"))).seq, 4);
		assert.equal(engine.metrics.taken, 0);
		assert.deepEqual(sink.seqs, [1, 2, 3, 4]);
		await engine.stop();
	});

	for (const position of [0, 1, 2, 3, 4]) {
		it(`at position ${position} of a batch lets the others keep their order and get new numbers`, async () => {
			await house.write("s", "old", "older");
			const engine = house.engine();
			const ids = ["a", "b", "c", "d"].toSpliced(position, 0, "old");
			const posted = await Promise.all(ids.map((id) => engine.post("s", said(id))));
			const expected = [3, 4, 5, 6].toSpliced(position, 0, 1);
			assert.deepEqual(
				posted.map(({ seq }) => seq),
				expected,
			);
			const stored = (await house.log.after("s", 0, 10)).map(({ id }) => id);
			assert.deepEqual(stored, ["old", "older", "a", "b", "c", "d"]);
			await engine.stop();
		});
	}
});

describe("a post to a log that", () => {
	let house: StreamHouse;
	beforeEach(() => {
		house = new StreamHouse();
	});
	afterEach(() => house.log.close());

	it("somebody else has written to comes after what they wrote, which followers see first", async () => {
		const engine = house.engine();
		const sink = await follow(engine, "s");
		await engine.post("s", said("a"));
		await house.write("s", "x", "y");
		const posted = await Promise.all([engine.post("s", said("b")), engine.post("s", said("c"))]);
		assert.deepEqual(
			posted.map(({ seq }) => seq),
			[4, 5],
		);
		assert.deepEqual(
			sink.entries.map(({ id }) => id),
			["a", "x", "y", "b", "c"],
		);
		assert.equal(engine.metrics.taken, 1);
		await engine.stop();
	});

	for (const happened of [true, false]) {
		it(`loses the answer of a write that ${happened ? "happened" : "did not happen"} sends the same again, before anything else`, async () => {
			const log = steered(house.log);
			const engine = house.engine({ log });
			const sink = await follow(engine, "s");
			const lose = async (call: () => Promise<unknown>) => {
				if (happened) await call();
				throw new LogUncertain("lost");
			};
			const outage = Array.from({ length: 9 }, () => refuse);
			log.next.set("append", happened ? [lose] : [lose, ...outage]);
			log.next.set("posted", outage);
			const posts = [engine.post("s", said("a")), engine.post("s", said("b"))];
			await house.timers.settle();
			const late = engine.post("s", said("c"));
			await house.timers.settle();
			for (const post of posts) assert.equal(await settled(post), false);
			assert.equal(sink.ended, null);
			await house.timers.pass(60_000);
			const answered = await Promise.all([...posts, late]);
			assert.deepEqual(
				answered.map(({ seq, repeated }) => [seq, repeated]),
				[
					[1, false],
					[2, false],
					[3, false],
				],
			);
			assert.deepEqual(sink.seqs, [1, 2, 3]);
			await engine.stop();
		});
	}

	for (const late of ["never", "before the next try", "after the next try"] as const) {
		it(`does not answer a write, which is stored ${late}, is asked again`, async () => {
			const log = steered(house.log);
			const engine = house.engine({ log });
			const sink = await follow(engine, "s");
			let store = async () => {};
			log.next.set("append", [
				(call) => {
					store = async () => void (await call());
					return new Promise(() => {});
				},
			]);
			const posts = ["a", "b"].map((id) => engine.post("s", said(id)));
			await house.timers.pass(9_000);
			if (late === "before the next try") await store();
			await house.timers.pass(2_000);
			if (late === "after the next try") await store();
			posts.push(engine.post("s", said("c")));
			assert.deepEqual(
				(await Promise.all(posts)).map(({ seq, repeated }) => [seq, repeated]),
				[
					[1, false],
					[2, false],
					[3, false],
				],
			);
			assert.deepEqual(sink.seqs, [1, 2, 3]);
			assert.equal(await house.log.tail("s"), 3);
			await engine.stop();
		});
	}

	it("has half of a batch whose answer was lost gets the other half alone", async () => {
		const log = steered(house.log);
		const engine = house.engine({ log });
		await engine.post("s", said("first"));
		const append = log.append.bind(log);
		const sent: string[][] = [];
		log.append = async (drafts) => {
			sent.push(drafts.map(({ id }) => id));
			if (sent.length > 1) return append(drafts);
			await append(drafts.slice(0, 2));
			throw new LogUncertain("lost");
		};
		const posts = ["a", "b", "c"].map((id) => engine.post("s", said(id)));
		await house.timers.pass(1_000);
		assert.deepEqual(
			(await Promise.all(posts)).map(({ seq }) => seq),
			[2, 3, 4],
		);
		assert.deepEqual(sent, [["a", "b", "c"], ["c"]]);
		await engine.stop();
	});

	it("refuses fails after a few tries, in order, with all that waited; the next one is tried anew", async () => {
		const log = steered(house.log);
		const engine = house.engine({ log }, { tries: 3, batchEntries: 1 });
		await engine.post("s", said("first"));
		log.next.set("append", [refuse, refuse, refuse]);
		const failed: string[] = [];
		const posts = ["a", "b", "c"].map((id) =>
			assert.rejects(engine.post("s", said(id)), code("UNAVAILABLE")).then(() => failed.push(id)),
		);
		await house.timers.pass(10_000);
		await Promise.all(posts);
		assert.deepEqual(failed, ["a", "b", "c"]);
		assert.equal(log.next.get("append")?.length, 0);
		assert.equal((await engine.post("s", said("a"))).seq, 2);
		await engine.stop();
	});

	it("cannot be read after a seq was taken fails as well, and not for ever", async () => {
		const log = steered(house.log);
		const engine = house.engine({ log }, { tries: 2 });
		await engine.post("s", said("first"));
		await house.write("s", "x");
		log.next.set("after", [refuse, async () => []]);
		const post = assert.rejects(engine.post("s", said("a")), code("UNAVAILABLE"));
		await house.timers.pass(10_000);
		await post;
		assert.equal((await engine.post("s", said("a"))).seq, 3);
		await engine.stop();
	});

	it("fails in a way that no rule covers ends the actor; the next begins with what the log says", async () => {
		const log = steered(house.log);
		const engine = house.engine({ log });
		const sink = await follow(engine, "s");
		const surprise = async (call: () => Promise<unknown>) => {
			await call();
			throw new TypeError("surprise");
		};
		log.next.set("append", [surprise]);
		await assert.rejects(engine.post("s", said("a")), code("UNAVAILABLE"));
		assert.equal(sink.ended, "problem");
		assert.deepEqual(
			house.reports.map(({ error }) => (error as Error).message),
			["surprise"],
		);
		assert.deepEqual(await engine.post("s", said("a")).then(({ seq, repeated }) => [seq, repeated]), [1, true]);
		await engine.stop();
	});

	it("cannot be asked for its tail is asked again, then the post fails; the next one loads anew", async () => {
		const log = steered(house.log);
		const engine = house.engine({ log }, { tries: 2 });
		log.next.set("tail", [refuse, refuse]);
		const posts = ["a", "b"].map((id) => assert.rejects(engine.post("s", said(id)), code("UNAVAILABLE")));
		await house.timers.pass(10_000);
		await Promise.all(posts);
		log.next.set("tail", [refuse]);
		const again = engine.post("s", said("a"));
		await house.timers.pass(10_000);
		assert.equal((await again).seq, 1);
		await engine.stop();
	});
});

describe("the mailbox of a stream", () => {
	it("refuses when it is full, by entries or bytes, and takes posts again when there is room", async () => {
		const house = new StreamHouse();
		const log = steered(house.log);
		for (const limits of [{ mailboxEntries: 3 }, { mailboxBytes: 700 }]) {
			const stream = Object.keys(limits).join();
			const engine = house.engine({ log }, limits);
			await engine.post(stream, said("first"));
			const written = Promise.withResolvers<void>();
			log.next.set("append", [(call) => written.promise.then(call)]);
			const posts = ["a", "a", "b"].map((id) => engine.post(stream, said(id)));
			await house.timers.settle();
			await assert.rejects(engine.post(stream, said("d")), code("STREAM_OVERLOADED"));
			assert.equal(engine.metrics.overloaded, 1);
			written.resolve();
			await Promise.all(posts);
			assert.equal((await engine.post(stream, said("d"))).seq, 4);
			await engine.stop();
		}
		house.log.close();
	});

	it("has room again for all that it has answered, repeats too", async () => {
		const house = new StreamHouse();
		const engine = house.engine({}, { mailboxBytes: 2_000, mailboxEntries: 8 });
		for (let i = 0; i < 50; i += 1) await Promise.all(["a", "a", "a", "b"].map((id) => engine.post("s", said(`${id}${i}`))));
		assert.equal(await house.log.tail("s"), 100);
		await engine.stop();
		house.log.close();
	});

	it("bounds those who wait for a stream that is being loaded, too", async () => {
		const house = new StreamHouse();
		const log = steered(house.log);
		const engine = house.engine({ log }, { mailboxEntries: 2 });
		const loaded = Promise.withResolvers<void>();
		log.next.set("tail", [(call) => loaded.promise.then(call)]);
		const posts = [engine.post("s", said("a")), engine.post("s", said("b"))];
		await assert.rejects(engine.post("s", said("c")), code("STREAM_OVERLOADED"));
		loaded.resolve();
		await Promise.all(posts);
		assert.equal(house.log.calls.tail, 1, "they share the load");
		await engine.stop();
		house.log.close();
	});
});
