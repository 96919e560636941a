import assert from "node:assert/strict";
import { newId } from "../../../contracts/ids.ts";
import { inboxOf } from "../../../contracts/sockets.ts";
import { StoreUnavailable, WriteUncertain } from "../../../mixins/store/errors.ts";
import { StoreStreamLog } from "../../../mixins/stream-log/stream-log.ts";
import type { StreamRow } from "../../../mixins/stream-log/stream-row.ts";
import { eraseInbox } from "../../../services/notification/erasing.mixin.ts";
import { draftOf, newNotification } from "../../../services/notification/notification.ts";
import { type Delivery, Storing } from "../../../services/notification/storing.adapter.ts";
import { Tails } from "../../../services/notification/tails.ts";
import { aBody, aDelivery } from "../../support/a-notification.ts";
import { bothStores } from "../../support/both-stores.ts";
import { type NotificationNode, startNotificationNode } from "../../support/notification-node.ts";
import { seeded } from "../../support/random.ts";

const at = "2026-01-01T00:00:00.000Z";

/** What befalls a write: before it, after it with its answer lost, or nothing but a wait. */
type Befall = (method: string) => { before?: () => Promise<void> | void; after?: () => Promise<void> | void } | undefined;

bothStores("notification: storing", (profile) => {
	let node: NotificationNode;
	let people: string[] = [];
	/** Whether somebody may ask for the events. */
	let told = true;
	before(async () => {
		node = await startNotificationNode(profile());
	});
	beforeEach(() => {
		told = true;
		people = Array.from({ length: 4 }, () => newId());
	});
	after(() => node?.stop());

	/** A process of its own, as after a start, with what befalls its calls of the log's collection. */
	const storing = (befall: Befall = () => undefined): Storing => {
		const { store, engine, bell } = node.service;
		const rows = new Proxy(store.notifications, {
			get(target, name) {
				const value = Reflect.get(target, name, target);
				if (typeof value !== "function") return value;
				return async (...given: unknown[]) => {
					const what = befall(String(name));
					await what?.before?.();
					const answer = await value.apply(target, given);
					await what?.after?.();
					return answer;
				};
			},
		});
		const log = new StoreStreamLog(rows);
		return new Storing({ log, engine: () => engine, read: bell.read, tails: new Tails(), told: () => told, now: () => at });
	};
	const toAll = (id = newId()): Delivery[] => people.map((userId) => aDelivery(userId, { id }));
	/** Of each person; seqs are 1, 2, 3 … */
	const idsOf = async (): Promise<string[][]> =>
		Promise.all(
			people.map(async (userId) => {
				const entries = await node.log(userId);
				const { length } = await node.service.store.notifications.find({ where: { stream: inboxOf(userId) } });
				assert.equal(entries.length, length, "there is a hole");
				return entries.map(({ id }) => id);
			}),
		);
	const each = <T>(value: T): T[] => people.map(() => value);

	it("one event for many is one write of entries", async () => {
		const writes: string[] = [];
		const count: Befall = (method) => void writes.push(method);
		await storing(count).store(toAll("e1"));
		assert.deepEqual([await idsOf(), writes], [each(["e1"]), ["createMany"]]);
	});

	it("the same again changes nothing, whoever does it", async () => {
		const first = storing();
		await first.store(toAll("e1"));
		await first.store(toAll("e1"));
		await storing().store(toAll("e1"));
		await storing().store(toAll("e2"));
		assert.deepEqual(await idsOf(), each(["e1", "e2"]));
	});

	it("several for one person come in turn, without a hole, also where some of them were there", async () => {
		const [ann = ""] = people;
		const all = ["e1", "e2", "e3", "e4"].map((id) => aDelivery(ann, { id }));
		await storing().store(all.slice(1, 2));
		await storing().store(all);
		assert.deepEqual((await idsOf())[0], ["e2", "e1", "e3", "e4"]);
	});

	it("many for one person are few writes, in turn, and beside those for others", async () => {
		const [ann = "", ben = ""] = people;
		const writes: string[] = [];
		const one = storing((method) => void (method === "createMany" && writes.push(method)));
		const rows = node.service.store.notifications; // the actors' way
		const insert = rows.insertInOrder.bind(rows);
		rows.insertInOrder = (given) => {
			writes.push("insertInOrder");
			return insert(given);
		};
		const ids = Array.from({ length: 60 }, (_, index) => `e${index}`);
		await Promise.all(ids.map((id) => one.store([aDelivery(ann, { id }), ...(id === "e9" ? [aDelivery(ben, { id })] : [])])));
		rows.insertInOrder = insert;
		const [anns, bens] = await idsOf();
		assert.deepEqual([anns, bens], [ids, ["e9"]]);
		assert.ok(writes.length < 12, `${writes.length} writes`);
		await Promise.all(ids.map((id) => storing().store([aDelivery(ann, { id })])));
		assert.deepEqual((await idsOf())[0], ids);
	});

	it("a repeat in other words is none: they were told", async () => {
		await storing().store(toAll("e1"));
		await storing().store(toAll("e1").map((item) => ({ ...item, body: aBody("Other words") })));
		assert.deepEqual(await idsOf(), each(["e1"]));
	});

	it("where another node has written meanwhile, it goes after that", async () => {
		const mine = storing();
		await mine.store(toAll("e1"));
		await storing().store(toAll("e2"));
		await mine.store(toAll("e3"));
		assert.deepEqual(await idsOf(), each(["e1", "e2", "e3"]));
	});

	it("where another node writes at the same moment, both are there", async () => {
		let struck = false;
		const between: Befall = (method) =>
			method === "createMany" && !struck
				? {
						async before() {
							struck = true;
							await storing().store(toAll("e2").slice(0, 2));
						},
					}
				: undefined;
		await storing(between).store(toAll("e1"));
		const [first, second, third, last] = await idsOf();
		assert.deepEqual([first, second, third, last], [["e2", "e1"], ["e2", "e1"], ["e1"], ["e1"]]);
	});

	it("a death before or after any call of the store is made up for by the event that comes again", async () => {
		for (const dies of ["before", "after"] as const) {
			for (let at = 1; ; at += 1) {
				people = Array.from({ length: 4 }, () => newId());
				// The second of them has one that the process does not know of, so that all ways are gone.
				await storing().store([aDelivery(people[1] ?? "", { id: "e0" })]);
				let calls = 0;
				const die = (): never => {
					throw new StoreUnavailable("this process is dead");
				};
				const befall: Befall = () => (++calls === at ? { [dies]: die } : calls > at ? { before: die } : undefined);
				await storing(befall)
					.store(toAll("e1"))
					.catch((error: Error) => assert.match(`${error.cause ?? error}`, /dead/));
				await storing().store(toAll("e1"));
				assert.deepEqual(await idsOf(), [["e1"], ["e0", "e1"], ["e1"], ["e1"]], `${dies} call ${at}`);
				if (calls < at) break;
			}
		}
	});

	it("a lost answer is made up for likewise", async () => {
		const befall: Befall = (method) =>
			method === "createMany"
				? {
						after() {
							throw new WriteUncertain("the answer was lost");
						},
					}
				: undefined;
		await assert.rejects(storing(befall).store(toAll("e1")), /lost/);
		await storing().store(toAll("e1"));
		assert.deepEqual(await idsOf(), each(["e1"]));
	});

	it("whoever began to follow while it was written gets it at once", async () => {
		const [ann = ""] = people;
		let follower: { leave(): void } | undefined;
		const befall: Befall = (method) =>
			method === "createMany"
				? {
						async before() {
							follower ??= await node.follow(ann);
						},
					}
				: undefined;
		await storing(befall).store(toAll("e1"));
		assert.equal(node.service.engine.look(inboxOf(ann))?.tail, 1);
		follower?.leave();
	});

	it("whose stream is about to become active while it was written has it in the tail", async () => {
		const [ann = ""] = people;
		const { engine } = node.service;
		const { log } = node.service;
		const tail = log.tail.bind(log);
		const asked = Promise.withResolvers<void>();
		const written = Promise.withResolvers<void>();
		// The tail is read, and its answer comes when the entry has been written.
		log.tail = async (stream) => {
			const found = await tail(stream);
			if (stream === inboxOf(ann)) {
				asked.resolve();
				await written.promise;
			}
			return found;
		};
		const post = engine.post(inboxOf(ann), newNotification("e2", aBody()));
		await asked.promise;
		const befall: Befall = (method) => (method === "createMany" ? { after: () => written.resolve() } : undefined);
		await Promise.all([storing(befall).store(toAll("e1")), post]);
		log.tail = tail;
		assert.deepEqual((await idsOf())[0], ["e1", "e2"]);
		assert.equal(engine.look(inboxOf(ann))?.tail, 2);
	});

	it("whose account goes while it was written keeps no body", async () => {
		const [ann = ""] = people;
		for (const when of ["before", "after"] as const) {
			const befall: Befall = (method) =>
				method === "createMany" ? { [when]: () => eraseInbox(node.service, ann, Date.parse(at)) } : undefined;
			await storing(befall).store([aDelivery(ann)]);
		}
		const rows: StreamRow[] = await node.service.store.notifications.find({ where: { stream: inboxOf(ann) } });
		assert.ok(rows.length > 0);
		assert.deepEqual(rows.map(({ body }) => body), rows.map(() => null)); // biome-ignore format: one line
	});

	it("events that come twice, in any order, through several nodes and with deaths, are one notification each", async () => {
		const random = seeded(7);
		const events = Array.from({ length: 12 }, (_, index) => `e${index}`);
		const deliveries = [...events, ...events, ...events].sort(() => random() - 0.5);
		const nodes = Array.from({ length: 3 }, () => {
			const befall: Befall = () => {
				if (random() > 0.1) return undefined;
				const die = (): never => {
					throw new StoreUnavailable("this process is dead");
				};
				return random() < 0.5 ? { before: die } : { after: die };
			};
			return storing(befall);
		});
		const handle = async (id: string): Promise<void> => {
			for (;;) {
				const one = nodes[Math.floor(random() * nodes.length)] ?? assert.fail();
				const done = await one.store(toAll(id)).then(
					() => true,
					() => false,
				);
				if (done) return;
			}
		};
		for (let at = 0; at < deliveries.length; at += 6) await Promise.all(deliveries.slice(at, at + 6).map(handle));
		for (const ids of await idsOf()) assert.deepEqual([...ids].sort(), [...events].sort());
	});

	it("after a start it is known where logs end, also of those who have never looked", async () => {
		await node.service.deliver(toAll("e1"));
		await node.service.tailsSaver.save();
		const writes: string[] = [];
		const count: Befall = (method) => void writes.push(method);
		await storing(count).store(toAll("e2"));
		assert.deepEqual([await idsOf(), writes], [each(["e1", "e2"]), ["createMany"]]);
	});

	it("no event is written that nobody may ask for, either way", async () => {
		const [ann = "", bob = ""] = people;
		const eventsOf = (id: string) => node.events.filter(({ data }) => (data as { id?: string }).id === id).length;
		const [first, second, third] = [newId(), newId(), newId()] as const;
		told = false;
		await node.service.engine.post(inboxOf(bob), newNotification(first, aBody(), false)); // from now on there is an actor
		await storing().store([aDelivery(ann, { id: second }), aDelivery(bob, { id: second })]);
		assert.equal(eventsOf(second), 0);
		told = true;
		await storing().store([aDelivery(ann, { id: third }), aDelivery(bob, { id: third })]);
		assert.equal(eventsOf(third), 2);
	});

	it("entries of both ways are the same", async () => {
		const [ann = "", bob = ""] = people;
		await storing().store([aDelivery(ann, { id: "e1" })]);
		await node.service.engine.post(inboxOf(bob), newNotification("e1", aBody()));
		const [one] = await node.log(ann);
		const [other] = await node.log(bob);
		assert.deepEqual({ ...one, stream: "", at }, { ...other, stream: "", at });
		assert.deepEqual(draftOf(inboxOf(ann), 1, "e1", aBody(), at).events[0]?.data, {
			userId: ann,
			seq: 1,
			id: "e1",
			body: aBody(),
		});
	});
});
