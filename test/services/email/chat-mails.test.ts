import assert from "node:assert/strict";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Context } from "moleculer";
import PostalMime from "postal-mime";
import { clock } from "../../../config/clock.ts";
import type { DomainEvent } from "../../../contracts/events.ts";
import type { MailView } from "../../../contracts/http/mails.ts";
import { queueMessage } from "../../../services/email/chat-mails.mixin.ts";
import { closeDigests } from "../../../services/email/digesting.adapter.ts";
import type { ChatItem } from "../../../services/email/templates/data.ts";
import { bothStores } from "../../support/both-stores.ts";
import { type EmailNode, someone, startEmailNode } from "../../support/email-node.ts";
import { seeded } from "../../support/random.ts";
import { removeDir, tempDir } from "../../support/temp-dir.ts";
import { until } from "../../support/until.ts";

type Posted = DomainEvent<"chat.message_posted">;

const minute = 60_000;
const hour = 60 * minute;
/** A full hour, by UTC. */
const start = Date.parse("2026-11-21T12:00:00.000Z");

bothStores("Mails about messages", (profile) => {
	let node: EmailNode;
	let dir = "";
	let count = 0;
	let now = start;
	const realNow = clock.now;

	before(async function () {
		this.timeout(30_000);
		dir = await tempDir("mail");
		clock.now = () => now;
		// Digests are closed by the tests, and what is to be sent is sent at once.
		node = await startEmailNode(profile(), { dataDir: dir, reconcileEvery: 600_000 });
	});
	beforeEach(() => {
		node.audience = ({ userIds }) => userIds;
	});
	after(async () => {
		await node?.stop();
		await removeDir(dir);
		clock.now = realNow;
	});

	const newcomer = (preferences?: object): string => {
		const id = `reader${++count}`;
		node.people?.set(id, someone(id));
		if (preferences) node.preferences.set(id, preferences);
		return id;
	};
	const posted = (
		memberIds: string[],
		at: number,
		given: { streamId?: string; seq?: number; content?: string; id?: string } = {},
	): Posted => {
		const { streamId = `stream${++count}`, seq = 1, content = "Hello", id = `event${++count}` } = given;
		const data = { streamId, messageId: `m-${id}`, seq, senderId: "ann", senderName: "Ann", memberIds, content };
		return {
			...{ specversion: "1.0", id, source: "/souk/chat", type: "chat.message_posted", subject: streamId },
			...{ time: new Date(at).toISOString(), data },
		};
	};
	const handle = (event: Posted): Promise<void> => queueMessage.call(node.service, { params: event } as Context<Posted>);
	const close = (): Promise<void> => closeDigests(node.service, new AbortController().signal);
	const mailsOf = (userId: string): Promise<MailView[]> => node.mails({ userId });
	const settled = (userId: string, wanted: number): Promise<MailView[]> =>
		until(`${wanted} mails of ${userId}`, () => mailsOf(userId), (mails) => mails.length >= wanted && mails.every(({ dueAt }) => !dueAt)); // biome-ignore format: one line
	/** What stands in the documents themselves. */
	const itemsOf = async (userId: string): Promise<ChatItem[][]> => {
		const mails = await node.service.store.mails.find({ where: { userId, template: "chat-digest" } });
		return mails.map(({ data }) => data.items as ChatItem[]);
	};
	/** The text of the only mail to somebody, as it was sent. */
	const fileFor = async (userId: string): Promise<string> => {
		const names = (await readdir(join(dir, "mail"))).filter((name) => name.endsWith(".eml"));
		const mails = await Promise.all(names.map(async (name) => PostalMime.parse(await readFile(join(dir, "mail", name)))));
		const [mail, ...more] = mails.filter(({ to }) => to?.[0]?.address === `${userId}@people.example`);
		assert.deepEqual(more, []);
		return mail?.text ?? "";
	};
	/** The next write of this kind is the last thing that this run does. */
	const dieAt = (collection: "mails" | "mail_digests"): void => {
		const target = node.service.store[collection] as { create: (document: never) => Promise<unknown> };
		const real = target.create;
		target.create = () => {
			target.create = real;
			return Promise.reject(new Error("the process died"));
		};
	};

	it("are queued by the run after one that died between its window and its mail, once", async () => {
		const bo = newcomer();
		const event = posted([bo], now);
		dieAt("mails");
		await assert.rejects(handle(event), /died/);
		assert.deepEqual(await mailsOf(bo), []);
		await handle(event);
		await handle(event);
		const [mail, ...more] = await settled(bo, 1);
		assert.deepEqual([mail?.status, mail?.body?.subject, more], ["sent", "New message from Ann", []]);
	});

	it("are one for each conversation, person and window, however often and in which order events come", async () => {
		const random = seeded(7);
		const readers = [newcomer(), newcomer()];
		const streams = ["red", "green"].map((name) => `${name}${++count}`);
		// In each of them a message every other minute, for half an hour.
		const events = streams.flatMap((streamId) =>
			Array.from({ length: 16 }, (_, index) => posted(readers, now + 2 * index * minute, { streamId, seq: index + 1 })),
		);
		const again = events.filter(() => random() < 0.3);
		const shuffled = [...events, ...again].map((event) => ({ event, at: random() })).sort((a, b) => a.at - b.at);
		for (let from = 0; from < shuffled.length; from += 4)
			await Promise.all(shuffled.slice(from, from + 4).map(({ event }) => handle(event)));
		const times = new Map(events.map(({ id, time }) => [id, Date.parse(time)]));
		for (const reader of readers) {
			const mails = await settled(reader, 2);
			const stored = await node.service.store.mails.find({ where: { userId: reader } });
			assert.equal(new Set(mails.map(({ eventId }) => eventId)).size, mails.length);
			for (const streamId of streams) {
				const told = stored
					.filter(({ data }) => data.streamId === streamId)
					.map(({ eventId }) => times.get(eventId) ?? 0)
					.sort((a, b) => a - b);
				// Thirty minutes hold two to four windows of ten, and none of them overlaps another.
				assert.ok(told.length >= 2 && told.length <= 4, `${told.length}`);
				for (const [index, at] of told.entries()) assert.ok(index === 0 || at - (told[index - 1] ?? 0) >= 10 * minute);
			}
		}
	});

	it("do not begin a window for who reads along, has read it, or wants none: the next message may", async () => {
		const [bo, cy] = [newcomer(), newcomer({ kinds: { chat_notification: { inbox: true, email: false } } })];
		const streamId = `stream${++count}`;
		node.audience = () => [];
		await handle(posted([bo, cy], now, { streamId }));
		node.audience = ({ userIds }) => userIds;
		await handle(posted([bo, cy], now + 1, { streamId, seq: 2 }));
		assert.equal((await settled(bo, 1)).length, 1);
		assert.deepEqual(await mailsOf(cy), []);
	});

	it("ask nobody while a window is open for all", async () => {
		const bo = newcomer();
		const streamId = `stream${++count}`;
		await handle(posted([bo], now, { streamId }));
		await settled(bo, 1);
		let asked: string[] = [];
		node.audience = ({ userIds }) => {
			asked = [...asked, ...userIds];
			return userIds;
		};
		await handle(posted([bo], now + minute, { streamId, seq: 2 }));
		assert.deepEqual(asked, []);
		assert.equal((await mailsOf(bo)).length, 1);
	});

	it("are dropped where it was read before they could be sent", async () => {
		const bo = newcomer({ quietHours: { start: "11:00", end: "13:00", zone: "UTC" } });
		await handle(posted([bo], now));
		await until("a held mail", () => mailsOf(bo), ([mail]) => mail?.status === "held"); // biome-ignore format: one line
		node.audience = () => [];
		now += 2 * hour;
		node.service.sending?.wake();
		const [mail] = await settled(bo, 1);
		assert.deepEqual([mail?.status, mail?.attempts], ["dropped", []]);
		assert.match(mail?.reason ?? "", /read/);
		now = start;
	});

	it("name who wrote where the event could not", async () => {
		const bo = newcomer();
		node.people?.set("ann", someone("ann"));
		const event = posted([bo], now);
		const { senderName: _unknown, ...data } = event.data;
		await handle({ ...event, data });
		assert.equal((await settled(bo, 1))[0]?.body?.subject, "New message from ann Example");
	});

	it("are gathered for a digest, which a second run completes, and which is sent once", async () => {
		const bo = newcomer({ digest: "hourly" });
		const [one, two] = [posted([bo], now, { content: "one" }), posted([bo], now + 1, { content: "two" })];
		dieAt("mail_digests");
		await assert.rejects(handle(one), /died/);
		for (const event of [one, two, one, two]) await handle(event);
		await close();
		assert.deepEqual(await mailsOf(bo), []);
		now = start + hour + 10_000;
		dieAt("mails");
		await close();
		assert.deepEqual(await mailsOf(bo), []);
		await close();
		await close();
		for (const event of [one, two]) await handle(event);
		const [mail, ...more] = await settled(bo, 1);
		assert.deepEqual([mail?.body?.subject, more], ["2 new messages from Ann", []]);
		assert.deepEqual(mail?.body?.text.match(/^> .*/gm), ["> one", "> two"]);
		now = start;
	});

	it("go into the next digest when theirs is closed, and into one only", async () => {
		const bo = newcomer({ digest: "hourly" });
		await handle(posted([bo], now, { content: "in time" }));
		now = start + hour + 10_000;
		await close();
		const late = posted([bo], start + 1, { content: "late" });
		await handle(late);
		await handle(late);
		now = start + 2 * hour + 10_000;
		await close();
		await handle(late);
		await close();
		const contents = (await itemsOf(bo)).map((items) => items.map(({ content }) => content));
		assert.deepEqual(contents.sort(), [["in time"], ["late"]]);
		now = start;
	});

	it("are in exactly one digest each, whatever closes while they come", async () => {
		const bo = newcomer({ digest: "hourly" });
		const events = Array.from({ length: 20 }, (_, index) => posted([bo], now, { content: `${index}`, seq: index + 1 }));
		await handle(posted([bo], now, { content: "first" }));
		now = start + hour + 10_000;
		await Promise.all([close(), ...events.map(handle), close(), ...events.slice(0, 5).map(handle)]);
		now = start + 3 * hour;
		await close();
		const found = (await itemsOf(bo)).flat().map(({ content }) => content);
		assert.deepEqual(found.sort(), ["first", ...events.map((_, index) => `${index}`)].sort());
		now = start;
	});

	it("tell in a digest what is not read, however much of a conversation was", async () => {
		const bo = newcomer({ digest: "daily" });
		const streamId = `stream${++count}`;
		for (let seq = 1; seq <= 9; seq++) await handle(posted([bo], now + seq, { streamId, seq, content: `no ${seq}` }));
		await handle(posted([bo], now, { streamId: `${streamId}b`, content: "elsewhere" }));
		let asked = 0;
		node.audience = ({ userIds, seq, streamId: stream }) => {
			asked += 1;
			return stream !== streamId || seq > 7 ? userIds : [];
		};
		now = start + 24 * hour;
		await close();
		await settled(bo, 1);
		const text = await fileFor(bo);
		assert.deepEqual(text.match(/^> .*/gm), ["> elsewhere", "> no 8", "> no 9"]);
		assert.ok(asked <= 6, `asked ${asked} times`);
		node.audience = () => [];
		now = start;
	});

	it("count no more than are kept, and say that there were more", async () => {
		const bo = newcomer({ digest: "daily" });
		const { mail_digest_items: items } = node.service.store;
		await handle(posted([bo], now, { content: "0" }));
		const [first] = await items.find({ where: { userId: bo } });
		assert.ok(first);
		const { item } = first;
		const more = Array.from({ length: 204 }, (_, index) => ({
			...{ ...first, _id: `${first._id}${index}` },
			item: {
				...item,
				eventId: `${item.eventId}${index}`,
				seq: index + 2,
				content: `${index + 1}`,
				at: new Date(now + index + 1).toISOString(),
			},
		}));
		await items.createMany(more);
		now = start + 24 * hour;
		await close();
		const [mail] = await settled(bo, 1);
		assert.equal(mail?.body?.subject, "200+ new messages from Ann");
		assert.deepEqual(mail?.body?.text.match(/^> .*/gm), ["> 202", "> 203", "> 204"]);
		now = start;
	});

	it("leave nothing of who deletes their account", async () => {
		const [bo, cy] = [newcomer({ digest: "hourly" }), newcomer()];
		await handle(posted([bo, cy], now));
		await settled(cy, 1);
		for (const userId of [bo, cy]) await node.tell("user.deleted", { userId });
		const left = async (): Promise<number> => {
			const { mail_digest_items: items, mail_windows: windows } = node.service.store;
			return (await items.count({ userId: bo })) + (await windows.count({ userId: cy }));
		};
		await until("nothing to be left", left, (found) => found === 0);
	});
});
