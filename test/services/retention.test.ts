import assert from "node:assert/strict";
import { readEnvironment } from "../../config/environment.ts";
import { newId } from "../../contracts/ids.ts";
import type { RetentionRule } from "../../contracts/metrics.ts";
import { retentionRound } from "../../mixins/retention/round.ts";
import type { Rule } from "../../mixins/retention/rules.ts";
import type { CollectionSpec, Document } from "../../mixins/store/port.ts";
import { createStore, type Store } from "../../mixins/store/store.ts";
import { collections as authCollections } from "../../services/auth/auth-base.ts";
import { authRetention } from "../../services/auth/retaining.ts";
import { collections as chatCollections } from "../../services/chat/chat-base.ts";
import { chatRetention } from "../../services/chat/erasing.mixin.ts";
import { collections as emailCollections } from "../../services/email/email-base.ts";
import { emailRetention } from "../../services/email/forgetting.mixin.ts";
import { collections as notificationCollections } from "../../services/notification/notification-base.ts";
import { notificationRetention } from "../../services/notification/retaining.adapter.ts";
import { ordersRetention } from "../../services/orders/erasing.mixin.ts";
import { collections as ordersCollections } from "../../services/orders/orders-base.ts";
import { collections as paymentCollections } from "../../services/payment/payment-base.ts";
import { paymentRetention } from "../../services/payment/retaining.ts";
import { bothStores } from "../support/both-stores.ts";

const lives = readEnvironment({}).retain;
const now = Date.parse("2026-06-01T00:00:00.000Z");
const iso = (at: number): string => new Date(at).toISOString();

interface Case {
	rule: RetentionRule;
	collection: string;
	life: number;
	/** A document that began to age at that moment. */
	from: (at: number) => object;
	/** One that stays, however old it is. */
	never?: (at: number) => object;
}

const aging: readonly Case[] = [
	{ rule: "sessions", collection: "sessions", life: lives.sessions, from: (at) => ({ removeAt: at, userId: "u" }) },
	{ rule: "audit", collection: "audit_log", life: lives.audit, from: (at) => ({ listKey: `${iso(at)} ${newId()}` }) },
	{
		...{ rule: "chat_connections", collection: "connections", life: lives.connections },
		...{ from: (at) => ({ endedAt: iso(at) }), never: () => ({ live: "node/1" }) },
	},
	{
		...{ rule: "inbox_connections", collection: "inbox_connections", life: lives.connections },
		...{ from: (at) => ({ endedAt: iso(at) }), never: () => ({ live: "node/1" }) },
	},
	{ rule: "chat_windows", collection: "chat_windows", life: lives.windows, from: (at) => ({ lastAt: at }) },
	{ rule: "mail_windows", collection: "mail_windows", life: lives.windows, from: (at) => ({ lastAt: at }) },
	{ rule: "suppressions", collection: "mail_suppressions", life: lives.suppressions, from: (at) => ({ at: iso(at) }) },
	{
		...{ rule: "mails", collection: "mails", life: lives.mails },
		...{ from: (at) => ({ removeAt: at, createdAt: iso(at), listKey: iso(at) }) },
		never: (at) => ({ dueAt: at, createdAt: iso(at), listKey: iso(at) }),
	},
	{
		...{ rule: "mail_digest_items", collection: "mail_digest_items", life: lives.mails },
		from: (at) => ({ removeAt: at, item: { at: iso(at) } }),
	},
	{
		...{ rule: "mail_digests", collection: "mail_digests", life: lives.mails },
		...{ from: (at) => ({ removeAt: at }), never: (at) => ({ dueAt: at }) },
	},
	{
		...{ rule: "webhooks", collection: "webhooks", life: lives.webhooks },
		...{ from: (at) => ({ receivedAt: iso(at), state: "applied" }), never: (at) => ({ receivedAt: iso(at), dueAt: at }) },
	},
];

const remembering: readonly [RetentionRule, string][] = [
	["order_requests", "orders"],
	["payment_requests", "payments"],
	["conversation_requests", "conversations"],
	["inbox_requests", "inboxes"],
	["mail_requests", "mails"],
];

const specs: Record<string, CollectionSpec> = {
	...{ ...authCollections, ...ordersCollections, ...paymentCollections },
	...{ ...chatCollections, ...notificationCollections, ...emailCollections },
};

bothStores("What services keep for a time", (profile) => {
	let store: Store<Record<string, Document>>;
	let rules: Map<string, Rule>;
	before(async () => {
		store = createStore<Record<string, Document>>({ collections: specs, profile: profile() });
		await store.open();
		const service = { store, bus: null, post: undefined } as never; // all that rules about age ask of a service
		const all = [authRetention, ordersRetention, paymentRetention, chatRetention, notificationRetention, emailRetention];
		rules = new Map(all.flatMap((rulesOf) => rulesOf(service, lives)).map((rule) => [rule.name, rule]));
	});
	after(() => store?.close());

	const ruleOf = (name: RetentionRule): Rule => {
		const rule = rules.get(name);
		assert.ok(rule, name);
		return rule;
	};
	const carryOut = async (name: RetentionRule, signal = new AbortController().signal): Promise<number> => {
		const failed = (_rule: Rule, error: unknown): never => assert.fail(error as Error);
		return retentionRound({ rules: [ruleOf(name)], now: () => now, signal, removed: () => undefined, failed });
	};
	const put = async (name: string, fields: object): Promise<string> => {
		const _id = newId();
		await store.collection(name).create({ _id, ...fields });
		return _id;
	};
	const isThere = async (name: string, id: string): Promise<boolean> => (await store.collection(name).findById(id)) !== null;

	for (const { rule, collection, life, from, never } of aging) {
		it(`${rule}: goes when it has had its time, not a moment before, and only then is overdue`, async () => {
			const [old, young] = [await put(collection, from(now - life)), await put(collection, from(now - life + 1))];
			const stays = never && (await put(collection, never(now - 10 * life)));
			assert.equal(await ruleOf(rule).overdueSince(now), now);
			assert.equal(await ruleOf(rule).overdueSince(now + 1_000), now);
			assert.equal(await carryOut(rule), 1);
			assert.deepEqual([await isThere(collection, old), await isThere(collection, young)], [false, true]);
			if (stays) assert.ok(await isThere(collection, stays));
			assert.deepEqual([await ruleOf(rule).overdueSince(now), await carryOut(rule)], [null, 0]);
		});
	}

	for (const [rule, collection] of remembering) {
		it(`${rule}: each request is forgotten when it has had its time, and what it changed stays as it is`, async () => {
			const ages = [lives.requests, lives.requests - 1, 0];
			const requests = ages.map((age, index) => ({ key: `k${index}`, at: index === 2 ? now - age : iso(now - age) }));
			const entity = { version: 7, requests, requestsAt: now - lives.requests, listKey: rule, orderId: rule, attempt: 1 };
			const id = await put(collection, { ...entity, number: 1 });
			assert.equal(await carryOut(rule), 1);
			const read = async () => (await store.collection(collection).findById(id)) as typeof entity & Document;
			const { requests: left, version, requestsAt } = await read();
			assert.deepEqual([left.map(({ key }) => key), version, requestsAt], [["k1", "k2"], 7, now - lives.requests + 1]);
			assert.equal(await carryOut(rule), 0);
		});
	}

	it("goes in portions, the oldest first, and a round that is stopped is taken up by the next", async () => {
		const rule = ruleOf("chat_windows");
		await store
			.collection("chat_windows")
			.createMany(Array.from({ length: 45 }, (_, index) => ({ _id: newId(), lastAt: now - lives.windows - index }) as Document));
		assert.equal(await rule.remove(now, 20), 20);
		assert.equal(await rule.overdueSince(now), now - 24);
		const stopped = new AbortController();
		stopped.abort();
		assert.equal(await carryOut("chat_windows", stopped.signal), 0);
		assert.equal(await carryOut("chat_windows"), 25);
	});
});

describe("A round of rules", () => {
	it("carries out the others when one cannot be, and says which", async () => {
		const said: string[] = [];
		const rule = (name: RetentionRule, remove: () => Promise<number>): Rule => ({ name, what: "", overdueSince: async () => null, remove }); // biome-ignore format: one line
		const done = await retentionRound({
			rules: [rule("mails", () => Promise.reject(new Error("no"))), rule("sessions", () => Promise.resolve(3))],
			...{ now: () => now, signal: new AbortController().signal },
			removed: ({ name }, count) => said.push(`${name} ${count}`),
			failed: ({ name }, error) => said.push(`${name} ${(error as Error).message}`),
		});
		assert.deepEqual([done, said], [3, ["mails no", "sessions 3"]]);
	});
});
