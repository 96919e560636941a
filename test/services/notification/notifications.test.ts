import assert from "node:assert/strict";
import type { InboxView, NotificationItem, NotificationView } from "../../../contracts/http/notifications.ts";
import { newId } from "../../../contracts/ids.ts";
import { inboxOf } from "../../../contracts/sockets.ts";
import type { CountersMessage } from "../../../contracts/stream-messages.ts";
import { eraseInbox } from "../../../services/notification/erasing.mixin.ts";
import { draftOf } from "../../../services/notification/notification.ts";
import { aBody, aDelivery } from "../../support/a-notification.ts";
import { bothStores } from "../../support/both-stores.ts";
import { type NotificationNode, startNotificationNode } from "../../support/notification-node.ts";
import { refused } from "../../support/refused.ts";
import { until } from "../../support/until.ts";

interface List {
	items: NotificationItem[];
	nextCursor: string | null;
	counters: CountersMessage;
}

bothStores("notification", (profile) => {
	let node: NotificationNode;
	let ann = "";
	before(async () => {
		node = await startNotificationNode(profile());
	});
	beforeEach(() => {
		ann = newId();
	});
	after(() => node?.stop());

	const list = async (params: object = {}): Promise<List> => (await node.call<List>("list", params, ann)).body;
	const seqs = async (params: object = {}): Promise<number[]> => (await list(params)).items.map(({ seq }) => seq);
	const give = async (count: number): Promise<string[]> => {
		const all = Array.from({ length: count }, () => aDelivery(ann));
		for (const one of all) await node.service.deliver([one]);
		return all.map(({ id }) => id);
	};

	it("an inbox that nothing came into is empty", async () => {
		assert.deepEqual(await list(), { items: [], nextCursor: null, counters: { unseen: 0, unread: 0, total: 0, version: 0 } });
	});

	it("what is delivered is listed, the newest first, and told as an event in the same write", async () => {
		// As where somebody listens, or might; else there is no event to tell of.
		if (node.service.bus) Object.assign(node.service.bus, { wants: () => true });
		const body = aBody("First");
		await node.service.deliver([aDelivery(ann, { id: "one", body })]);
		await node.service.deliver([aDelivery(ann, { id: "two" })]);
		const { items, counters } = await list();
		assert.deepEqual(
			items.map(({ id, seq, seen, read, archived }) => [id, seq, seen, read, archived]),
			[
				["two", 2, false, false, false],
				["one", 1, false, false, false],
			],
		);
		assert.deepEqual(items[1]?.body, body);
		assert.deepEqual(counters, { unseen: 2, unread: 2, total: 2, version: 2 });
		const told = node.events.filter(({ subject }) => subject === inboxOf(ann));
		assert.deepEqual(
			told.map(({ type, data }) => [type, data]),
			[
				["notification.created", { userId: ann, seq: 1, id: "one", body }],
				["notification.created", { userId: ann, seq: 2, id: "two", body: aBody() }],
			],
		);
	});

	it("reading, unreading and archiving one change it and the counters; what is read is seen", async () => {
		const [first = "", second = "", third = ""] = await give(3);
		const read = (await node.call<NotificationView>("read", { id: first }, ann)).body;
		assert.deepEqual([read.id, read.seq, read.seen, read.read, read.archived], [first, 1, true, true, false]);
		assert.deepEqual([read.counters.unseen, read.counters.unread, read.counters.total], [2, 2, 3]);
		const unread = (await node.call<NotificationView>("unread", { id: first }, ann)).body;
		assert.deepEqual([unread.seen, unread.read, unread.counters.unseen, unread.counters.unread], [true, false, 2, 3]);
		assert.ok(unread.version > read.version && unread.counters.version > read.counters.version);
		await node.call("archive", { id: second }, ann);
		await node.call("read", { id: third }, ann);
		const { items, counters } = await list();
		assert.deepEqual(
			items.map(({ id, seen, read, archived }) => [id, seen, read, archived]),
			[
				[third, true, true, false],
				[first, true, false, false],
			],
		);
		const { version, ...counts } = counters;
		assert.deepEqual(counts, { unseen: 0, unread: 1, total: 2 });
		assert.deepEqual(await seqs({ filter: "archived" }), [2]);
		assert.deepEqual(await seqs({ filter: "all" }), [3, 2, 1]);
		assert.deepEqual(await seqs({ filter: "unread" }), [1]);
		assert.deepEqual(await seqs({ filter: "unseen" }), []);
	});

	it("an inbox is seen or read as a whole, or up to a seq", async () => {
		await give(5);
		const seen = (await node.call<InboxView>("seen", { seq: 3 }, ann)).body;
		assert.deepEqual([seen.counters.unseen, seen.counters.unread], [2, 5]);
		const read = (await node.call<InboxView>("readAll", { seq: 2 }, ann)).body;
		assert.deepEqual([read.counters.unseen, read.counters.unread], [2, 3]);
		const all = (await node.call<InboxView>("readAll", {}, ann)).body;
		assert.deepEqual([all.counters.unseen, all.counters.unread, all.counters.total], [0, 0, 5]);
		// Beyond the end is the end: what comes later is not read.
		assert.equal((await node.call<InboxView>("readAll", { seq: 1_000 }, ann)).body.counters.unread, 0);
		await give(1);
		assert.equal((await list()).counters.unread, 1);
	});

	it("pages go on where the one before ended, whatever comes and is read meanwhile", async () => {
		await give(5);
		const first = await list({ limit: 2 });
		await give(1);
		const next = await list({ limit: 2, cursor: first.nextCursor });
		const last = await list({ limit: 2, cursor: next.nextCursor });
		const pages = [first, next, last].map(({ items }) => items.map(({ seq }) => seq));
		assert.deepEqual([pages, last.nextCursor], [[[5, 4], [3, 2], [1]], null]);
	});

	it("a cursor of nobody and a notification of somebody else are refused", async () => {
		const [id = ""] = await give(1);
		await refused(list({ cursor: "bad" }), "VALIDATION");
		for (const action of ["read", "unread", "archive"]) {
			await refused(node.call(action, { id }, newId()), "NOT_FOUND");
			await refused(node.call(action, { id: "none" }, ann), "NOT_FOUND");
		}
	});

	it("a request that comes again under its key is answered as the first time, and changes nothing", async () => {
		const [id = ""] = await give(2);
		const first = await node.call<NotificationView>("read", { id }, ann, { key: "k" });
		await node.call("unread", { id }, ann);
		const again = await node.call<NotificationView>("read", { id }, ann, { key: "k" });
		assert.deepEqual([again.body, again.meta.replayed, first.meta.replayed], [first.body, true, undefined]);
		assert.equal((await list()).counters.unread, 2);
		await refused(node.call("read", { id }, ann, { key: "k", hash: "x" }), "IDEMPOTENCY_KEY_REUSED");
	});

	it("If-Match lets only those change an inbox who know it", async () => {
		const [id = ""] = await give(1);
		const { version } = (await node.call<NotificationView>("read", { id }, ann)).body;
		await refused(node.call("unread", { id }, ann, { ifMatch: [version + 1] }), "VERSION_CONFLICT");
		await node.call("unread", { id }, ann, { ifMatch: [version] });
	});

	it("every device is told the counters after every change and every notification", async () => {
		await give(2);
		const device = await node.follow(ann);
		const last = () => device.told.at(-1);
		const counted = (unread: number) => until("counters", async () => last()?.unread, (seen) => seen === unread); // biome-ignore format: one line
		await give(1);
		await counted(3);
		await node.call("read", { id: (await list()).items[0]?.id }, ann);
		await counted(2);
		await node.call("readAll", {}, ann);
		await counted(0);
		// In one command with others', past its actor.
		await node.service.deliver([...Array.from({ length: 5 }, () => aDelivery(newId())), aDelivery(ann)]);
		await counted(1);
		const versions = device.told.map(({ version }) => version);
		assert.deepEqual(
			versions,
			[...new Set(versions)].sort((a, b) => a - b),
		);
		const { version } = (await list()).counters;
		assert.equal(last()?.version, version);
		device.leave();
	});

	/** Calls of the store that `work` makes, by name; those of who sweeps the outboxes meanwhile aside. */
	const calls = async (work: () => Promise<unknown>): Promise<string[]> => {
		const { inboxes, notifications } = node.service.store;
		const made: string[] = [];
		const undo: (() => void)[] = [];
		for (const [name, collection] of Object.entries({ inboxes, notifications })) {
			const own = collection as unknown as Record<string, unknown>;
			for (const method of [
				"findById",
				"findByIds",
				"findOne",
				"find",
				"count",
				"update",
				"updateMany",
				"create",
				"createMany",
			]) {
				const call = own[method] as (...args: unknown[]) => unknown;
				own[method] = (...args: unknown[]) => {
					if (!JSON.stringify(args).includes("outboxAt")) made.push(`${name}.${method}`);
					return call.apply(collection, args);
				};
				undo.push(() => delete own[method]);
			}
		}
		try {
			await work();
		} finally {
			for (const one of undo) one();
		}
		return made;
	};
	/** Straight into the log. */
	const fill = async (count: number): Promise<void> => {
		const stream = inboxOf(ann);
		for (let seq = 1; seq <= count; ) {
			const size = Math.min(1_000, count - seq + 1);
			const drafts = Array.from({ length: size }, (_, index) => ({
				...draftOf(stream, seq + index, `e${seq + index}`, aBody(), "2026-01-01T00:00:00.000Z"),
				events: [],
			}));
			await node.service.log.append(drafts);
			seq += size;
		}
	};

	it("opening an inbox and reading all of it costs the same with 100 and with 100,000 notifications", async function () {
		this.timeout(120_000);
		/** What somebody asked for; where logs end is written down in between, when it is time for that. */
		const asked = async (work: () => Promise<unknown>) => (await calls(work)).filter((call) => call !== "inboxes.updateMany");
		const pages = async () => {
			const open = await asked(() => list({ filter: "unread", limit: 50 }));
			const read = await asked(() => node.call("readAll", {}, ann));
			return { open, read };
		};
		// One that writes through a real server takes its time: there fewer tell as much.
		const many = profile().kind === "mongo" ? 1_000 : 100_000;
		await fill(100);
		await node.call("read", { id: "e7" }, ann);
		const few = await pages();
		ann = newId();
		await fill(many);
		await node.call("read", { id: "e7" }, ann);
		assert.deepEqual(await pages(), few);
		assert.deepEqual(few.open.sort(), ["inboxes.findByIds", "notifications.find", "notifications.findByIds"]);
		assert.deepEqual(few.read.filter((call) => !call.includes(".find")), ["inboxes.update"]); // biome-ignore format: one line
		assert.deepEqual((await list()).counters.unread, 0);
	});

	it("when an account goes, bodies go and seqs stay; what comes later is not kept", async () => {
		await give(2);
		await eraseInbox(node.service, ann, Date.now());
		await eraseInbox(node.service, ann, Date.now());
		await node.service.deliver([aDelivery(ann)]);
		const entries = await node.log(ann);
		assert.deepEqual(
			entries.map(({ seq, body, erased }) => [seq, body, erased]),
			[
				[1, null, true],
				[2, null, true],
			],
		);
		await refused(node.call("readAll", {}, ann), "NOT_FOUND");
	});

	it("an account that goes before it had a notification takes none either", async () => {
		await eraseInbox(node.service, ann, Date.now());
		await node.service.deliver([aDelivery(ann)]);
		assert.deepEqual(await node.log(ann), []);
	});
});
