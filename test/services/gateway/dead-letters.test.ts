import assert from "node:assert/strict";
import type { ServiceSchema } from "moleculer";
import { Compile } from "typebox/compile";
import { clock } from "../../../config/clock.ts";
import { routes } from "../../../contracts/http/index.ts";
import { DeadLetter } from "../../../contracts/http/operations.ts";
import { newId } from "../../../contracts/ids.ts";
import { durableEvents } from "../../../mixins/durable-events/durable-events.mixin.ts";
import { store } from "../../../mixins/store/store.mixin.ts";
import type { StoreCollection } from "../../../mixins/store/store.ts";
import { createEntity } from "../../../mixins/store/versioned.ts";
import { embeddedWorld, type World } from "../../support/both-buses.ts";
import { drafts, type Note, noteSpec } from "../../support/event-node.ts";
import { type GatewayNode, GatewayNodes } from "../../support/gateway-node.ts";
import { removeDir, tempDir } from "../../support/temp-dir.ts";
import { until } from "../../support/until.ts";

const operationRoutes = routes
	.filter(({ tag }) => tag === "admin" || tag === "health")
	.filter(({ action }) => action.startsWith("gateway."));

/** Writes notes whose events it cannot handle until told otherwise. */
const notes = ({ profile, settings }: World, handled: { well: boolean; ids: string[] }): ServiceSchema => ({
	name: "notes",
	mixins: [
		durableEvents({ collections: ["notes"], settings, profile }),
		store<{ notes: Note }>({ main: "notes", collections: { notes: noteSpec }, profile }),
	],
	events: {
		"user.deleted": {
			durable: { tries: 1 },
			handler(ctx: { params: { id: string } }) {
				if (!handled.well) throw new Error("not today");
				handled.ids.push(ctx.params.id);
			},
		},
	} as unknown as ServiceSchema["events"], // Moleculer's types do not know `durable`
});

describe("dead letters over HTTP", () => {
	const nodes = new GatewayNodes();
	const handled = { well: false, ids: [] as string[] };
	const isLetter = Compile(DeadLetter);
	let dataDir: string;
	let node: GatewayNode;
	let token: string;
	before(async () => {
		dataDir = await tempDir("dead-letters");
		const world = embeddedWorld(dataDir);
		node = await nodes.start({ routes: operationRoutes, services: [notes(world, handled)] });
		token = await node.token("ada", "admin");
	});
	after(async () => {
		await nodes.stopAll();
		await removeDir(dataDir);
	});

	const path = "/v1/admin/dead-letters";
	const list = (query = "") => node.api.get(`${path}${query}`, { token });
	const untilLetters = async (count: number) =>
		(
			await until(
				`${count} dead letters`,
				() => list(),
				({ body }) => body.items.length === count,
			)
		).body.items;
	const write = async (events: number): Promise<void> => {
		const { store } = node.broker.getLocalService("notes") as unknown as { store: { notes: StoreCollection<Note> } };
		await createEntity<Note>(store.notes, { _id: newId() }, drafts(events), { at: clock.now() });
	};

	it("are listed in pages, read, handed to their group again and dropped", async () => {
		await write(3);
		const letters = await untilLetters(3);
		for (const letter of letters) assert.ok(isLetter.Check(letter), JSON.stringify(letter));
		assert.equal(letters[0].error.includes("not today"), true);

		const first = await list("?limit=2");
		assert.equal(first.body.items.length, 2);
		const second = await list(`?limit=2&cursor=${encodeURIComponent(first.body.nextCursor)}`);
		assert.deepEqual([second.body.items.length, second.body.nextCursor], [1, null]);
		assert.equal((await list("?group=others")).body.items.length, 0);

		const [one, two, three] = letters.map(({ id }: { id: string }) => encodeURIComponent(id));
		assert.deepEqual((await node.api.get(`${path}/${one}`, { token })).body, letters[0]);
		handled.well = true;
		const retried = await node.api.post(`${path}/${one}/retry`, undefined, { token });
		assert.deepEqual([retried.status, retried.body], [202, { id: letters[0].id }]);
		await until(
			"the event to be handled",
			async () => handled.ids,
			(ids) => ids.includes(letters[0].eventId),
		);
		assert.equal((await node.api.delete(`${path}/${two}`, { token })).status, 204);
		assert.deepEqual(
			(await untilLetters(1)).map(({ id }: { id: string }) => encodeURIComponent(id)),
			[three],
		);
		assert.deepEqual(handled.ids, [letters[0].eventId]);
	});

	it("that are not there answer 404, a cursor that is none 400", async () => {
		assert.equal((await node.api.get(`${path}/none`, { token })).status, 404);
		assert.equal((await node.api.post(`${path}/none/retry`, undefined, { token })).status, 404);
		assert.equal((await node.api.delete(`${path}/none`, { token })).status, 404);
		assert.equal((await list("?cursor=none")).status, 400);
	});

	it("are for admins only", async () => {
		for (const role of ["buyer", "seller"])
			assert.equal((await node.api.get(path, { token: await node.token("ana", role) })).status, 403);
		assert.equal((await node.api.get(path)).status, 401);
	});
});
