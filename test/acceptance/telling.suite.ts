import assert from "node:assert/strict";
import type { NotificationBody } from "../../contracts/notifications.ts";
import type { HttpClient } from "../support/http.ts";
import { RawFollower } from "../support/live-followers.ts";
import { type Market, openMarket, type Someone, signUp } from "../support/market.ts";
import type { TellingWorld } from "../support/telling-world.ts";
import { until } from "../support/until.ts";

const minute = 60_000;
const preferencesPath = "/v1/notifications/preferences";

/** What a notification is about, in short. */
const aboutOf = ({ notification_type, payload }: NotificationBody): string =>
	"status" in payload ? `${notification_type} ${payload.status}` : notification_type;

const payloadOf = (body: NotificationBody | undefined): Record<string, unknown> => ({ ...body?.payload });

/** Somebody with two devices, each at another door. */
class Listener {
	readonly who: Someone;
	readonly devices: readonly RawFollower[];
	#told = 0;

	constructor(who: Someone, doors: readonly string[]) {
		this.who = who;
		const urls = [doors[0] ?? "", doors.at(-1) ?? ""];
		const address = { who, namespace: "/notifications" };
		this.devices = urls.map((url) => new RawFollower(`inbox-${who.id}`, { ...address, url }));
	}

	async live(): Promise<this> {
		await Promise.all(this.devices.map((device) => device.live()));
		return this;
	}

	get bodies(): NotificationBody[] {
		return (this.devices[0]?.entries ?? []).map(({ body }) => body as NotificationBody);
	}

	/** The next notifications are these, in any order; every device has them, and knows how many there are. */
	async hears(...about: string[]): Promise<NotificationBody[]> {
		const total = this.#told + about.length;
		for (const device of this.devices) {
			await device.until(`notification ${total}`, () => device.seq >= total);
			await device.until(`counters of ${total}`, () => device.counters.at(-1)?.total === total);
		}
		const fresh = this.bodies.slice(this.#told);
		assert.deepEqual(fresh.map(aboutOf).sort(), about.sort());
		this.#told = total;
		return fresh;
	}

	/** One history on all devices, without a gap or a repeat; counters that only grow, and count all of it. */
	check(): void {
		const [first] = this.devices;
		for (const { name, entries, violations, counters } of this.devices) {
			assert.deepEqual(violations, [], name);
			assert.deepEqual(entries, first?.entries, name);
			assert.equal(entries.length, this.#told, name);
			assert.equal(new Set(entries.map(({ id }) => id)).size, entries.length, name);
			const versions = counters.map(({ version }) => version);
			assert.deepEqual(versions, [...new Set(versions)].sort((a, b) => a - b), name); // biome-ignore format: one line
			for (const { total, unread, unseen } of counters) assert.deepEqual([unread, unseen], [total, total], name);
		}
	}

	close(): void {
		for (const device of this.devices) device.close();
	}
}

/** What people are told while they trade and talk, over HTTP and sockets. The same sentences must hold wherever their inboxes live. */
export const telling = (world: () => TellingWorld): void => {
	const open: { close(): void }[] = [];
	after(() => {
		for (const one of open.splice(0)) one.close();
	});

	const listener = (who: Someone): Promise<Listener> => {
		const one = new Listener(who, world().doors);
		open.push(one);
		return one.live();
	};
	const api = (): HttpClient => world().api;

	describe("a trade", () => {
		let market: Market;
		let buyer: Listener;
		let seller: Listener;
		before(async () => {
			market = await openMarket(world().api);
			[buyer, seller] = await Promise.all([listener(market.buyer), listener(market.seller)]);
		});

		const bothPaid = async (): Promise<void> => {
			await Promise.all([buyer, seller].map((one) => one.hears("purchase_notification paid")));
		};
		const placed = async (paymentMethod: string): Promise<string> => {
			const { id } = await market.place({ paymentMethod });
			return id;
		};
		const asSeller = (id: string, move: string, body: object) => market.move(id, move, body, market.seller.token);

		it("tells both of the order and of its payment, with what was bought and for how much", async () => {
			const order = await market.place({ paymentMethod: "sandbox_success" });
			const [sold] = await Promise.all([
				seller.hears("purchase_notification placed", "purchase_notification paid"),
				buyer.hears("announcement", "purchase_notification paid"),
			]);
			const payload = {
				...{ order_id: order.id, buyer_id: market.buyer.id, shop_owner_id: market.seller.id, product_name: "Satay" },
				...{ amount: 19_800, currency: "MYR", status: "placed", purchased_at: order.createdAt },
			};
			assert.deepEqual(sold.find((body) => aboutOf(body) === "purchase_notification placed")?.payload, payload);
		});

		it("tells the buyer of a decline and of the parcel, and both when it is paid after all", async () => {
			const id = await placed("sandbox_declined");
			const [declined] = (await buyer.hears("announcement", "payment_reminder_notification")).filter(
				({ notification_type }) => notification_type === "payment_reminder_notification",
			);
			assert.match(JSON.stringify(declined), /"days_overdue":0,"message":"Your payment of MYR 198.00 for Satay was declined."/);
			await seller.hears("purchase_notification placed");
			await market.move(id, "pay", { paymentMethod: "sandbox_success" });
			await bothPaid();
			await asSeller(id, "ship", { carrier: "Pos", trackingNumber: "T1", estimatedDelivery: "tomorrow" });
			const [shipped] = await buyer.hears("shipping_update_notification in_transit");
			const { updated_at: _at, ...parcel } = payloadOf(shipped);
			const expected = { order_id: id, tracking_number: "T1", status: "in_transit", estimated_delivery: "tomorrow" };
			assert.deepEqual(parcel, expected);
			await asSeller(id, "tracking", { status: "out_for_delivery", location: "Ipoh" });
			await buyer.hears("shipping_update_notification out_for_delivery");
			await asSeller(id, "deliver", {});
			await buyer.hears("shipping_update_notification delivered");
		});

		it("tells of a refund whoever did not make it, with what went back and for what", async () => {
			const { id } = await market.place({ paymentMethod: "sandbox_success" });
			await Promise.all([
				buyer.hears("announcement", "purchase_notification paid"),
				seller.hears("purchase_notification placed", "purchase_notification paid"),
			]);
			const { payment, createdAt } = await market.order(id);
			const path = `/v1/payments/${payment.id}/refunds`;
			assert.equal((await api().post(path, { amount: 500 }, { token: market.seller.token })).status, 201);
			const [back] = await buyer.hears("purchase_notification refunded");
			const { amount, product_name, purchased_at } = payloadOf(back);
			assert.deepEqual([amount, product_name, purchased_at], [500, "Satay", createdAt]);
		});

		it("tells of a cancel, and of the money that goes back with it, whoever did not cancel", async () => {
			const byBuyer = await placed("sandbox_success");
			await Promise.all([
				buyer.hears("announcement", "purchase_notification paid"),
				seller.hears("purchase_notification placed", "purchase_notification paid"),
			]);
			await market.move(byBuyer, "cancel", {});
			await seller.hears("purchase_notification cancelled", "purchase_notification refunded");
			const bySeller = await placed("sandbox_success");
			await Promise.all([
				buyer.hears("announcement", "purchase_notification paid"),
				seller.hears("purchase_notification placed", "purchase_notification paid"),
			]);
			await asSeller(bySeller, "cancel", {});
			await buyer.hears("purchase_notification cancelled", "purchase_notification refunded");
		});

		it("tells nothing of a kind that is turned off, but what cannot be, and goes on when it is on again", async () => {
			const as = { token: market.buyer.token };
			const set = async (inbox: boolean): Promise<void> => {
				const kinds = { announcement: { inbox }, purchase_notification: { inbox } };
				const { status, body, headers } = await api().put(preferencesPath, { kinds }, as);
				assert.equal(status, 200, JSON.stringify(body));
				assert.equal(headers.get("etag"), `"${body.version}"`);
				assert.deepEqual(body.kinds.announcement, { inbox, email: true });
			};
			await set(false);
			await placed("sandbox_declined");
			await buyer.hears("payment_reminder_notification");
			await placed("sandbox_success");
			await seller.hears("purchase_notification placed", "purchase_notification placed", "purchase_notification paid");
			await world().settled();
			await set(true);
			await placed("sandbox_success");
			await buyer.hears("announcement", "purchase_notification paid");
			await seller.hears("purchase_notification placed", "purchase_notification paid");
		});

		it("told nobody anything else, nothing twice, and each device the same in one order, with counters that are right", async () => {
			await world().settled();
			for (const one of [buyer, seller]) {
				const { body } = await api().get("/v1/notifications?filter=all&limit=100", { token: one.who.token });
				const listed = body.items.map(({ id }: { id: string }) => id).reverse();
				assert.deepEqual(
					listed,
					one.devices[0]?.entries.map(({ id }) => id),
				);
				one.check();
			}
		});
	});

	describe("preferences", () => {
		let ann: Someone;
		before(async () => {
			ann = await signUp(world().api, "buyer");
		});
		const get = (headers = {}) => api().get(preferencesPath, { token: ann.token, headers });
		const put = (body: object, headers = {}) => api().put(preferencesPath, body, { token: ann.token, headers });

		it("begin with everything on, and keep what is put, under a version", async () => {
			const begun = await get();
			const on = { inbox: true, email: true };
			assert.deepEqual([begun.status, begun.headers.get("etag")], [200, '"1"']);
			const kinds = {
				...{ announcement: on, purchase_notification: on, payment_reminder_notification: on },
				...{ shipping_update_notification: on, chat_notification: on },
			};
			assert.deepEqual(begun.body, { kinds, quietHours: null, digest: "off", version: 1 });
			const quietHours = { start: "22:00", end: "07:00", zone: "Asia/Kuala_Lumpur" };
			const chosen = { kinds: { chat_notification: { inbox: true, email: false } }, quietHours, digest: "daily" };
			const changed = await put(chosen, { "if-match": '"1"' });
			assert.equal(changed.status, 200, changed.text);
			assert.deepEqual(changed.body.kinds, { ...kinds, chat_notification: { inbox: true, email: false } });
			assert.deepEqual([changed.body.quietHours, changed.body.digest], [quietHours, "daily"]);
			assert.deepEqual((await get()).body, changed.body);
			assert.equal((await put(chosen, { "if-match": '"1"' })).status, 412);
			assert.equal((await get({ "if-none-match": changed.headers.get("etag") ?? "" })).status, 304);
		});

		it("are refused with a pointer to each field that is wrong", async () => {
			const wrong: [object, string[]][] = [
				[{ kinds: { sms: { inbox: true } } }, ["/kinds/sms"]],
				[{ kinds: { announcement: { mail: false } } }, ["/kinds/announcement/mail"]],
				[{ kinds: { payment_reminder_notification: { email: false } } }, ["/kinds/payment_reminder_notification/email"]],
				[{ kinds: { announcement: { inbox: "no" } } }, ["/kinds/announcement/inbox"]],
				[{ quietHours: { start: "25:00", end: "07:00", zone: "Mars" } }, ["/quietHours/start", "/quietHours/zone"]],
				[{ digest: "weekly" }, ["/digest"]],
			];
			const before = (await get()).body;
			for (const [body, pointers] of wrong) {
				const refused = await put(body);
				assert.deepEqual([refused.status, refused.body.code], [400, "VALIDATION"], refused.text);
				assert.deepEqual(refused.body.errors.map(({ pointer }: { pointer: string }) => pointer), pointers); // biome-ignore format: one line
			}
			assert.deepEqual((await get()).body, before);
			assert.equal((await api().get(preferencesPath)).status, 401);
		});
	});

	describe("a conversation", () => {
		const names = ["ann", "bob", "cid", "dan", "eve", "fay", "gus"] as const;
		const people = new Map<(typeof names)[number], Someone>();
		const as = (name: (typeof names)[number]) => ({ token: people.get(name)?.token ?? "" });
		const idOf = (name: (typeof names)[number]): string => people.get(name)?.id ?? "";
		let stream = "";
		let dan: Listener;

		before(async () => {
			await Promise.all(names.map(async (name) => people.set(name, await signUp(world().api, "buyer"))));
			const memberIds = names.filter((name) => name !== "ann").map(idOf);
			stream = (await api().post("/v1/conversations", { memberIds }, as("ann"))).body.streamId;
			dan = await listener(people.get("dan") as Someone);
			await api().post(`/v1/conversations/${stream}/mute`, {}, as("eve"));
			await api().put(`/v1/blocks/${idOf("ann")}`, undefined, as("fay"));
			await api().put(preferencesPath, { kinds: { chat_notification: { inbox: false } } }, as("gus"));
		});

		const say = async (text: string): Promise<{ id: string; at: string }> => {
			const { status, body, text: answer } = await api().post(`/v1/conversations/${stream}/messages`, { text }, as("ann"));
			assert.equal(status, 201, answer);
			return body;
		};
		const told = async (name: (typeof names)[number]): Promise<string[]> => {
			const { body } = await api().get("/v1/notifications?filter=all", as(name));
			return body.items.map((item: { body: NotificationBody }) => (item.body.payload as { content: string }).content).reverse();
		};
		const follow = async (name: (typeof names)[number], url: string | undefined): Promise<RawFollower> => {
			const follower = new RawFollower(stream, { url: url ?? "", who: people.get(name) as Someone });
			open.push(follower);
			await follower.live();
			return follower;
		};
		/** Every node has seen the time pass: what is written from now on bears it. What was written until then is told of to nobody. */
		const passWindow = async (): Promise<void> => {
			const from = world().now() + 9 * minute;
			await world().advance(10 * minute);
			await until(
				"the time to have passed where the conversation is",
				() => say("a probe"),
				({ at }) => Date.parse(at) > from,
			);
		};

		it("tells a member of the first message, who wrote it and what, and of no other until the window is over", async () => {
			const long = `${"x".repeat(150)}${"🙂".repeat(100)}`;
			const { id } = await say(long);
			const [body] = await dan.hears("chat_notification");
			const payload = { stream_id: stream, message_id: id, sender_id: idOf("ann"), sender_name: "A buyer" };
			assert.deepEqual(body?.payload, { ...payload, content: `${"x".repeat(150)}${"🙂".repeat(50)}` });
			for (const text of ["two", "three", "four"]) await say(text);
			await world().settled();
			assert.equal((await told("bob")).length, 1);
			assert.deepEqual([await told("ann"), await told("eve"), await told("fay"), await told("gus")], [[], [], [], []]);
		});

		it("tells nobody who follows it at that moment, wherever, and goes on with whoever has gone", async () => {
			const [bob, cid] = await Promise.all([follow("bob", world().doors[0]), follow("cid", world().doors.at(-1))]);
			await passWindow();
			await dan.hears("chat_notification");
			await world().settled();
			assert.deepEqual([(await told("bob")).length, (await told("cid")).length], [1, 1]);
			bob.close();
			const counted = (name: "bob" | "cid") => told(name).then(({ length }) => length);
			await until(
				"bob to be told again",
				async () => {
					await say("are you there?");
					await world().settled();
					return counted("bob");
				},
				(count) => count === 2,
			);
			assert.equal(await counted("cid"), 1);
			cid.close();
		});

		it("tells nobody who is out, and again whoever has it muted no more, wants it again, or has blocked nobody", async () => {
			await passWindow();
			await dan.hears("chat_notification");
			await world().settled();
			await api().delete(`/v1/conversations/${stream}/members/${idOf("cid")}`, as("ann"));
			await api().post(`/v1/conversations/${stream}/mute`, { until: "2020-01-01T00:00:00Z" }, as("eve"));
			await api().delete(`/v1/blocks/${idOf("ann")}`, as("fay"));
			await api().put(preferencesPath, { kinds: { chat_notification: { inbox: true } } }, as("gus"));
			await say("to those who are back");
			const back = ["eve", "fay", "gus"] as const;
			await until(
				"them to be told",
				() => Promise.all(back.map(told)),
				(all) => all.every(({ length }) => length > 0),
			);
			await world().settled();
			for (const name of back) assert.deepEqual(await told(name), ["to those who are back"], name);
			const cid = await told("cid");
			assert.ok(!cid.includes("to those who are back"), cid.join());
			assert.deepEqual(await told("ann"), []);
			dan.check();
		});
	});
};
