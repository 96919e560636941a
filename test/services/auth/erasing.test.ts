import assert from "node:assert/strict";
import type { Context } from "moleculer";
import type { StoreProfile } from "../../../mixins/store/store-profile.ts";
import { type AuthNode, startAuthNode } from "../../support/auth-node.ts";
import { movingClock } from "../../support/moving-clock.ts";
import { refused } from "../../support/refused.ts";
import { removeDir, tempDir } from "../../support/temp-dir.ts";

const minute = 60_000;
const hour = 60 * minute;
const services = ["orders", "chat", "notification", "email"] as const;

describe("Somebody who is deleted", () => {
	let dataDir: string;
	let node: AuthNode;
	let asked: string[] = [];
	let away: string | undefined;
	let scanned: string[] = [];
	before(async () => {
		dataDir = await tempDir("erasing");
		node = await startAuthNode({ kind: "embedded", dataDir } satisfies StoreProfile);
		for (const name of services) {
			const eraseUser = ({ params }: Context<{ userId: string }>): void => {
				if (away === name) throw new Error(`${name} is away`);
				asked.push(`${name} ${params.userId}`);
			};
			node.broker.createService({ name, actions: { eraseUser } });
		}
		await node.broker.waitForServices([...services]);
		const { bus } = node.service;
		assert.ok(bus);
		const forget = bus.forget.bind(bus);
		bus.forget = (gone) => {
			scanned.push(...gone);
			return forget(gone);
		};
	});
	after(async () => {
		await node?.stop();
		await removeDir(dataDir);
	});
	const { pass } = movingClock();
	beforeEach(() => {
		[asked, scanned, away] = [[], [], undefined];
	});

	const gone = async (): Promise<string> => {
		const { from } = await node.somebody();
		await node.call("deleteMe", {}, from);
		return from.user.id;
	};
	const round = async (): Promise<string[]> => {
		asked = [];
		await node.service.retainNow();
		return asked.sort();
	};
	const all = (id: string): string[] => services.map((name) => `${name} ${id}`).sort();
	const overdue = async (): Promise<boolean> => (await node.service.store.users.count({ erasureDue: { $gte: 0 } })) > 0;

	it("is forgotten by every service and the bus: soon, after an hour and after twelve, and that is all", async () => {
		const id = await gone();
		assert.deepEqual(await round(), []);
		for (const wait of [2 * minute, hour, 11 * hour]) {
			pass(wait);
			scanned = [];
			assert.deepEqual([await round(), scanned], [all(id), [id]]);
			assert.deepEqual(await round(), []);
		}
		assert.equal(await overdue(), false);
		pass(48 * hour);
		assert.deepEqual(await round(), []);
	});

	it("is told to a service that is away until it answers; the others and the bus forget meanwhile", async () => {
		const id = await gone();
		pass(2 * minute);
		away = "chat";
		const others = all(id).filter((one) => !one.startsWith("chat"));
		assert.deepEqual([await round(), scanned], [others, [id]]);
		scanned = [];
		assert.deepEqual(await round(), []); // not at once again
		pass(3 * 24 * hour);
		assert.deepEqual([await round(), scanned], [others, []]);
		away = undefined;
		pass(5 * minute);
		assert.deepEqual([await round(), scanned], [all(id), [id]]);
		assert.deepEqual([await round(), await round()], [all(id), all(id)]); // what was due in those days
		assert.equal(await overdue(), false);
	});

	it("is deleted by an admin as by themselves, whatever the first try did not get to", async () => {
		const [ada, { from }] = [await node.admin(), await node.somebody()];
		const { id } = from.user;
		for (let times = 0; times < 2; times++) await node.call("eraseUser", { id }, ada.from);
		await refused(node.call("me", {}, from), "UNAUTHORIZED");
		await refused(node.call("eraseUser", { id: "nobody" }, ada.from), "NOT_FOUND");
		await refused(node.call("eraseUser", { id: ada.user.id }, ada.from), "TRANSITION_REFUSED");
		await refused(node.call("eraseUser", { id: ada.user.id }, (await node.somebody()).from), "FORBIDDEN");
		pass(2 * minute);
		assert.deepEqual(await round(), all(id));
	});
});
