import assert from "node:assert/strict";
import type { AuditEntry, AuditIntent } from "../../../contracts/audit.ts";
import { newId } from "../../../contracts/ids.ts";
import type { PageOf } from "../../../mixins/paging/page.ts";
import { type AuthNode, startAuthNode } from "../../support/auth-node.ts";
import { refused } from "../../support/refused.ts";
import { removeDir, tempDir } from "../../support/temp-dir.ts";

describe("the audit log", () => {
	let node: AuthNode;
	let dataDir: string;
	before(async () => {
		dataDir = await tempDir("audit");
		node = await startAuthNode({ kind: "embedded", dataDir });
	});
	after(async () => {
		await node?.stop();
		await removeDir(dataDir);
	});

	const intent = (more: Partial<AuditIntent> = {}): AuditIntent => ({
		id: newId(),
		at: "2026-01-02T03:04:05.678Z",
		actor: { id: "ann", via: "rest" },
		action: "orders.forget",
		target: "o1",
		details: {},
		requestId: "r1",
		address: "",
		...more,
	});
	const listed = async (query: object): Promise<AuditEntry[]> => {
		const { from } = await node.admin();
		return (await node.call<PageOf<AuditEntry>>("audit", query, from)).items;
	};

	it("has one entry of an intent that is told twice, as it was told first", async () => {
		const first = intent({ target: "twice" });
		await node.call("beginAudit", first);
		await node.call("beginAudit", { ...first, action: "orders.other" });
		assert.deepEqual(await listed({ target: "twice" }), [{ ...first, outcome: "begun" }]);
	});

	it("keeps the first end of it, and takes none of what has not begun", async () => {
		const one = intent({ target: "ended" });
		await node.call("beginAudit", one);
		await node.call("endAudit", { id: one.id, outcome: "refused", code: "NOT_FOUND" });
		await node.call("endAudit", { id: one.id, outcome: "done", target: "another" });
		await node.call("endAudit", { id: newId(), outcome: "done" });
		const [entry, ...others] = await listed({ target: "ended" });
		assert.deepEqual([entry?.outcome, entry?.code, entry?.target, others], ["refused", "NOT_FOUND", "ended", []]);
		assert.deepEqual(await listed({ target: "another" }), []);
	});

	it("lists the newest first, also where several are of the same moment, and by each of its filters", async () => {
		const all = ["05", "06", "06", "06", "07"].map((second) =>
			intent({ at: `2026-02-02T03:04:${second}.000Z`, actor: { id: "bob", via: "repl" } }),
		);
		for (const one of all) await node.call("beginAudit", one);
		const seen = await listed({ actor: "bob" });
		assert.deepEqual(seen.map(({ at }) => at), all.map(({ at }) => at).reverse()); // biome-ignore format: one line
		const { from } = await node.admin();
		const paged: string[] = [];
		for (let cursor: string | null | undefined; cursor !== null; ) {
			const page: PageOf<AuditEntry> = await node.call("audit", { actor: "bob", limit: 2, ...(cursor && { cursor }) }, from);
			paged.push(...page.items.map(({ id }) => id));
			cursor = page.nextCursor;
		}
		assert.deepEqual(paged, seen.map(({ id }) => id)); // biome-ignore format: one line
		assert.equal((await listed({ actor: "bob", outcome: "done" })).length, 0);
		assert.equal((await listed({ actor: "bob", outcome: "begun", action: "orders.forget" })).length, 5);
	});

	it("is for administrators", async () => {
		const { from } = await node.somebody();
		await refused(node.call("audit", {}, from), "FORBIDDEN");
		await refused(node.call("audit", {}), "UNAUTHORIZED");
	});
});
