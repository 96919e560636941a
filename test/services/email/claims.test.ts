import assert from "node:assert/strict";
import { setTimeout as delay } from "node:timers/promises";
import { openStore, type Store } from "../../../mixins/store/store.ts";
import { createEntity } from "../../../mixins/store/versioned.ts";
import { collections, type EmailCollections } from "../../../services/email/email-base.ts";
import { type Mail, newMail } from "../../../services/email/mail.ts";
import type { Outcome } from "../../../services/email/moves.ts";
import { Sending, type SendingOptions } from "../../../services/email/sending.adapter.ts";
import { befalling } from "../../support/befalling.ts";
import { bothStores } from "../../support/both-stores.ts";
import { Seen } from "../../support/seen.ts";
import { until } from "../../support/until.ts";

bothStores("The queue of mails", (profile) => {
	let store: Store<EmailCollections>;
	let working: Sending[] = [];
	const quiet = { warn: () => undefined, error: () => undefined };

	before(async () => {
		store = await openStore<EmailCollections>({ collections, profile: profile() });
	});
	afterEach(async () => {
		await Promise.all(working.map((one) => one.stop()));
		working = [];
		await store.mails.remove({ _id: { $exists: true } });
	});
	after(() => store?.close());

	const work = (options: Partial<SendingOptions> & Pick<SendingOptions, "attempt">): Sending => {
		const one = new Sending({
			mails: store.mails,
			width: 3,
			everyMs: 20,
			claimFor: 5_000,
			postponeFor: 20,
			logger: quiet,
			...options,
		});
		working.push(one);
		return one;
	};
	const queue = async (count: number): Promise<string[]> => {
		const mails = Array.from({ length: count }, (_, index) =>
			newMail({ userId: `p${index}`, template: "welcome", kind: null, data: {} }, `e${index}`, Date.now()),
		);
		for (const mail of mails) await createEntity<Mail>(store.mails, mail, [], { at: Date.now() });
		return mails.map(({ _id }) => _id);
	};
	const allSent = (ids: readonly string[]): Promise<Mail[]> =>
		until(
			"all to be sent",
			() => store.mails.findByIds(ids),
			(mails) => mails.length === ids.length && mails.every(({ status }) => status === "sent"),
		);
	const sent: Outcome = { kind: "sent", code: 250 };

	it("is worked off by several nodes side by side, each mail by one of them", async () => {
		const ids = await queue(40);
		const tried = new Seen();
		for (const node of ["a", "b", "c"]) {
			work({
				async attempt({ _id }) {
					tried.add(_id);
					tried.add(node);
					await delay(5);
					return sent;
				},
			});
		}
		await allSent(ids);
		for (const id of ids) assert.equal(tried.of(id), 1);
		assert.equal(tried.of("a") + tried.of("b") + tried.of("c"), 40);
	});

	it("is claimed and settled in one command each where mails are due, and end, together", async () => {
		const ids = await queue(3);
		const calls: string[] = [];
		const mails = befalling(store.mails, (method) => void (/^update|^create/.test(method) && calls.push(method)));
		work({ mails, attempt: async () => sent });
		await allSent(ids);
		assert.deepEqual(calls, ["updateMany", "updateMany"]);
	});

	it("keeps no event that nobody can ask for", async () => {
		for (const told of [true, false]) {
			const ids = await queue(1);
			const one = work({ attempt: async () => sent, told: () => told });
			const [mail] = await allSent(ids);
			assert.equal(mail?.outbox?.length ?? 0, told ? 1 : 0);
			await one.stop();
			await store.mails.remove({ _id: { $exists: true } });
		}
	});

	it("leaves a mail with the node that is at it, however long that takes", async () => {
		const ids = await queue(1);
		const tried = new Seen();
		const answer = Promise.withResolvers<void>();
		const attempt = async ({ _id }: Mail): Promise<Outcome> => {
			tried.add(_id);
			await answer.promise;
			return sent;
		};
		for (let node = 0; node < 2; node++) work({ attempt, claimFor: 150 });
		await tried.all(ids);
		const [first] = await store.mails.findByIds(ids);
		// Its claim would have run out several times by then.
		await until("the claim to be renewed", async () => (await store.mails.findByIds(ids))[0]?.dueAt ?? 0, (dueAt) => dueAt > (first?.dueAt ?? 0) + 600); // biome-ignore format: one line
		answer.resolve();
		const [mail] = await allSent(ids);
		assert.deepEqual([tried.total, mail?.attempts.map(({ outcome }) => outcome)], [1, ["sent"]]);
	});

	it("gives a mail whose node went silent to another, and notes that nobody knows what became of it", async () => {
		const ids = await queue(1);
		const silent = { ...newMail({ userId: "p0", template: "welcome", kind: null, data: {} }, "e0", 1) };
		const at = new Date(1).toISOString();
		await store.mails.update({ _id: silent._id }, { $set: { claim: { id: "of a dead node", at }, dueAt: Date.now() + 100 } });
		work({ attempt: async () => sent });
		const [mail] = await allSent(ids);
		assert.deepEqual(
			mail?.attempts.map(({ outcome }) => outcome),
			["unknown", "sent"],
		);
	});

	it("goes on with all others while some throw, and comes back to those", async () => {
		const ids = await queue(12);
		const thrown = new Seen();
		work({
			async attempt({ _id }) {
				if (ids.indexOf(_id) < 4 && thrown.add(_id) < 3) throw new Error("something that it needs is away");
				return sent;
			},
		});
		const mails = await allSent(ids);
		for (const { attempts, tries } of mails) assert.deepEqual([attempts.length, tries], [1, 1]);
	});

	it("is left to others by a node that stops, once the answers that it waits for are there", async () => {
		const ids = await queue(5);
		const answer = Promise.withResolvers<void>();
		const tried = new Seen();
		const one = work({
			width: 2,
			async attempt() {
				tried.add("try");
				await answer.promise;
				return sent;
			},
		});
		await tried.all(["try"], 2);
		const stopped = one.stop();
		answer.resolve();
		await stopped;
		const statuses = (await store.mails.findByIds(ids)).map(({ status, claim }) => `${status}${claim ? " claimed" : ""}`).sort(); // biome-ignore format: one line
		assert.deepEqual(statuses, ["queued", "queued", "queued", "sent", "sent"]);
	});
});
