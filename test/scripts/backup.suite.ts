import assert from "node:assert/strict";
import { cp, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { MailView } from "../../contracts/http/mails.ts";
import { type HttpClient, login } from "../support/http.ts";
import { InboxDevice } from "../support/inbox-device.ts";
import { insist } from "../support/insist.ts";
import { clientOf, historyOf, Reader } from "../support/live-followers.ts";
import type { LosableWorld } from "../support/losable-world.ts";
import { type Market, openMarket, type Someone, signInAgain } from "../support/market.ts";
import { runScript } from "../support/run-script.ts";
import { admin } from "../support/settings.ts";
import { removeDir, tempDir } from "../support/temp-dir.ts";
import { until } from "../support/until.ts";

const endings = { sandbox_success: "paid", sandbox_declined: "payment_declined" } as const;
type Method = keyof typeof endings;

/** What its buyer knows of an order, from the answer that they got. */
interface Acked {
	id: string;
	code: string;
	paymentId: string;
	method: Method;
}

const untilIdle = (api: HttpClient): Promise<unknown> =>
	until(
		"all groups to be done",
		async () => (await api.get("/health")).body.consumers as { lag: number; inFlight: number }[],
		(groups) => groups.length > 0 && groups.every(({ lag, inFlight }) => lag + inFlight === 0),
	);

const mailsOf = async (api: HttpClient): Promise<MailView[]> => {
	const { token } = await login(api, admin.email, admin.password);
	const mails: MailView[] = [];
	for (let cursor: string | null = ""; cursor !== null; ) {
		const { body } = await api.get(`/v1/admin/mails?limit=100${cursor && `&cursor=${cursor}`}`, { token });
		mails.push(...body.items);
		cursor = body.nextCursor;
	}
	return mails;
};

const untilAllSent = (api: HttpClient): Promise<MailView[]> =>
	until("all mails to be sent", () => mailsOf(api), (mails) => mails.length > 0 && mails.every(({ status }) => status === "sent"), 60_000); // biome-ignore format: one line

/** What an inbox says of orders, as `<order> <status>`, sorted. */
const newsIn = (inbox: InboxDevice): string[] =>
	inbox.entries
		.flatMap(({ body }) => {
			const { notification_type, payload } = body as { notification_type: string; payload: { order_id: string; status: string } };
			return notification_type === "purchase_notification" ? [`${payload.order_id} ${payload.status}`] : [];
		})
		.sort();

const newsOf = (orders: readonly Acked[]): string[] =>
	orders.flatMap(({ id, method }) => (method === "sandbox_success" ? [`${id} paid`, `${id} placed`] : [`${id} placed`])).sort();

export interface Loss {
	title: string;
	/** What is gone: all documents, all that JetStream has. */
	documents: boolean;
	bus: boolean;
	/** Of npm run restore. */
	options: readonly string[];
}

/**
 * Backs up under load, goes on, loses everything and restores. What was acknowledged before the backup is back and goes on; what came
 * after it is gone without a trace that could do harm.
 */
export const backupAndRestore = (
	world: () => LosableWorld,
	losses: readonly Loss[],
	more: (folder: () => string) => void = () => undefined,
): void => {
	let folder: string;
	let shop: Market;
	let stream: string;
	let early: Acked[];
	let earlyMails: Map<string, MailView>;
	const later: Acked[] = [];
	let refreshToken: string;
	let talk: Reader;
	let inbox: InboxDevice;
	const kept = (): string => join(folder, "monday");
	const backup = (...args: string[]) => runScript("backup.ts", args, world().env);
	const restore = (...args: string[]) => runScript("restore.ts", args, world().env);

	const place = async (method: Method): Promise<Acked> => {
		const { id, code, payment } = await shop.place({ paymentMethod: method });
		return { id, code, paymentId: payment.id, method };
	};
	const placeThree = async (): Promise<Acked[]> => [
		await place("sandbox_success"),
		await place("sandbox_declined"),
		await place("sandbox_success"),
	];
	const address = (who: Someone) => ({ url: world().api.url, who });
	const say = async (...texts: string[]): Promise<void> => {
		const client = clientOf(address(shop.buyer));
		const pen = client.conversation(stream, { last: 0 });
		for (const text of texts) await pen.post(text);
		client.close();
	};
	const log = () => historyOf(world().api, stream, shop.seller.token);
	const orderOf = async ({ id }: Acked): Promise<{ status: string } | null> => {
		const { status, body } = await insist(() => world().api.get(`/v1/orders/${id}`, { token: shop.buyer.token }));
		assert.ok(status === 200 || status === 404, JSON.stringify(body));
		return status === 200 ? body : null;
	};
	const standing = async (orders: readonly Acked[]): Promise<Acked[]> => {
		const found = await Promise.all(orders.map(orderOf));
		return orders.filter((_order, index) => found[index]);
	};
	const device = () => new InboxDevice({ ...address(shop.seller), position: { after: 0 } });

	before(async () => {
		folder = await tempDir("backup");
		shop = await openMarket(world().api);
		const { buyer, seller } = shop;
		const { body } = await world().api.post("/v1/conversations", { memberIds: [seller.id] }, { token: buyer.token });
		stream = body.streamId;
		early = await placeThree();
		await say("one", "two", "three");
		for (const { id, method } of early) await shop.until(id, endings[method]);
		await untilIdle(world().api);
		earlyMails = new Map((await untilAllSent(world().api)).map((mail) => [mail.id, mail]));
		const password = "correct horse battery staple";
		refreshToken = (await world().api.post("/v1/auth/login", { email: buyer.email, password })).body.refreshToken;
	});
	after(async () => {
		talk?.close();
		inbox?.close();
		await removeDir(folder);
	});

	/** Buying and talking go on while `work` does, and a little longer. */
	const meanwhile = async (work: () => Promise<void>): Promise<void> => {
		let over = false;
		const buy = async (): Promise<void> => {
			for (let n = 0; !over && n < 20; n++) later.push(await place(n % 3 ? "sandbox_success" : "sandbox_declined"));
		};
		const chat = async (): Promise<void> => {
			for (let n = 0; !over && n < 20; n++) await say(`meanwhile ${n}`);
		};
		const load = Promise.all([buy(), buy(), chat()]);
		await work().finally(() => {
			over = true;
		});
		await load;
	};

	it("is made while people buy and talk", async () => {
		await meanwhile(async () => {
			const { code, output } = await backup(kept());
			assert.equal(code, 0, output);
			assert.match(output, /orders +\d+ documents/);
		});
		assert.equal((await restore("--check", kept())).code, 0);
		const again = await backup(kept());
		assert.deepEqual([again.code, /is there already/.test(again.output)], [1, true], again.output);
	});

	it("is not put where documents are, nor under nodes that run", async () => {
		const over = await restore(kept());
		assert.deepEqual([over.code, /documents already|is in use by process/.test(over.output)], [1, true], over.output);
		const under = await restore("--replace", kept());
		assert.deepEqual([under.code, /stop (it|all of them)/.test(under.output)], [1, true], under.output);
		assert.ok(await orderOf(early[0] as Acked));
	});

	more(kept);

	for (const { title, documents, bus, options } of losses) {
		describe(title, () => {
			let lost: Acked[];
			let lastCode: string;
			let logBefore: Awaited<ReturnType<typeof log>>;

			before(async () => {
				lost = await placeThree();
				for (const { id, method } of lost) await shop.until(id, endings[method]);
				await say("lost one", "lost two");
				lastCode =
					[...later, ...lost]
						.map(({ code }) => code)
						.sort()
						.at(-1) ?? "";
				await untilIdle(world().api);
				logBefore = await log();
				talk?.close();
				inbox?.close();
				talk = new Reader(stream, { ...address(shop.seller), position: { after: 0 } });
				inbox = device();
				await Promise.all([talk.reach(logBefore.length), inbox.live()]);
				await until("what the inbox has of what will be lost", async () => newsIn(inbox), (news) => newsOf(lost).every((one) => news.includes(one))); // biome-ignore format: one line
				await world().kill();
				await world().lose({ documents, bus });
			});

			it("is refused where a byte of it is another, and then nothing is touched", async () => {
				const broken = join(folder, `broken-${bus}`);
				await cp(kept(), broken, { recursive: true });
				const path = join(broken, "collections", "orders.ndjson.gz");
				const bytes = await readFile(path);
				bytes[bytes.length >> 1] = (bytes[bytes.length >> 1] ?? 0) ^ 1;
				await writeFile(path, bytes);
				const { code, output } = await restore(...options, broken);
				assert.deepEqual([code, /orders.ndjson.gz is not as it was written/.test(output)], [1, true], output);
				assert.equal(await world().isEmpty(), documents);
			});

			it("is put back, and not a second time", async () => {
				const { code, output } = await restore(...options, kept());
				assert.equal(code, 0, output);
				const again = await restore(kept());
				assert.deepEqual([again.code, /documents already/.test(again.output)], [1, true], again.output);
				await world().start();
				// The keys are those of before: what they signed is good for its time. Sessions are not.
				const refreshed = await world().api.post("/v1/auth/refresh", { refreshToken });
				assert.equal(refreshed.status, 401, refreshed.text);
				for (const one of [shop.buyer, shop.seller]) await signInAgain(world().api, one);
			});

			it("has every order of before, each charged once and mailed once, and none of after", async () => {
				const { api } = world();
				const back = await standing([...early, ...later]);
				assert.deepEqual(back.slice(0, early.length), early);
				assert.deepEqual(await standing(lost), []);
				for (const { id, method } of back) await shop.until(id, endings[method]);
				for (const { paymentId, method } of back) {
					const { captured, refunded, amount } = await shop.payment(paymentId);
					assert.deepEqual([captured.amount, refunded.amount], [method === "sandbox_success" ? amount.amount : 0, 0], paymentId);
				}
				await untilIdle(api);
				const mails = await untilAllSent(api);
				for (const { id, attempts, template } of mails) {
					const known = earlyMails.get(id);
					if (known) assert.deepEqual(attempts, known.attempts, `${template} went out again`);
				}
				assert.equal(mails.filter(({ id }) => earlyMails.has(id)).length, earlyMails.size);
			});

			it("tells those who were ahead to start over, and streams go on without a gap", async () => {
				await talk.until("a reset", () => talk.resets > 0);
				const now = await log();
				assert.deepEqual(now, logBefore.slice(0, now.length));
				assert.ok(now.length >= 3 && now.length <= logBefore.length - 2, `${now.length} of ${logBefore.length}`);
				await say("another one");
				await talk.reach(now.length + 1);
				assert.deepEqual(
					talk.entries.map(({ seq }) => seq),
					Array.from({ length: now.length + 1 }, (_, index) => index + 1),
				);
				assert.deepEqual(talk.violations, []);
				const { body } = await world().api.get(`/v1/conversations/${stream}`, { token: shop.seller.token });
				assert.equal(body.lastSeq, now.length + 1);
				await until(
					"all to be counted",
					async () => (await world().api.get(`/v1/conversations/${stream}`, { token: shop.seller.token })).body.unread,
					(unread) => unread === now.length + 1,
				);
			});

			it("has told of each order that is there, once, and of no other", async () => {
				const back = await standing([...early, ...later]);
				await inbox.until("a reset", () => inbox.resets > 0);
				inbox.close();
				// From its beginning: who starts over gets the newest first.
				inbox = device();
				const wanted = newsOf(back);
				await until("all to be told", async () => newsIn(inbox), ({ length }) => length >= wanted.length); // biome-ignore format: one line
				await untilIdle(world().api);
				assert.deepEqual(newsIn(inbox), wanted);
				assert.deepEqual(inbox.violations, []);
				await inbox.counts({ total: inbox.entries.length });
			});

			it("takes orders as before, under codes that nobody had", async () => {
				const next = await place("sandbox_success");
				assert.ok(next.code > lastCode, `${next.code} after ${lastCode}`);
				await shop.until(next.id, "paid");
				later.push(next);
			});
		});
	}
};
