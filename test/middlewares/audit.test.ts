import assert from "node:assert/strict";
import type { Context, ServiceBroker } from "moleculer";
import type { AuditEnd, AuditIntent } from "../../contracts/audit.ts";
import type { CallMeta } from "../../contracts/call.ts";
import { DomainError } from "../../contracts/errors.ts";
import { audit } from "../../middlewares/audit.ts";
import { domainErrors } from "../../middlewares/domain-errors.ts";
import { StoreUnavailable } from "../../mixins/store/errors.ts";
import { Brokers, listening } from "../support/brokers.ts";
import { refused } from "../support/refused.ts";

describe("what an administrator changes", () => {
	const brokers = new Brokers();
	const lines: unknown[][] = [];
	let begun: AuditIntent[] = [];
	let ended: AuditEnd[] = [];
	let steps: string[] = [];
	/** What the next calls do instead of their work. */
	let fails: Partial<Record<"begin" | "work" | "end", Error>> = {};
	let broker: ServiceBroker;
	const step = (name: "begin" | "work" | "end"): void => {
		steps.push(name);
		if (fails[name]) throw fails[name];
	};

	before(async () => {
		broker = await brokers.start(
			{ ...listening(lines), middlewares: [audit(), domainErrors()] },
			{
				name: "auth",
				actions: {
					beginAudit(ctx: Context<AuditIntent>) {
						step("begin");
						begun.push(ctx.params);
					},
					endAudit(ctx: Context<AuditEnd>) {
						step("end");
						ended.push(ctx.params);
					},
					updateUser: () => step("work"),
					createKey() {
						step("work");
						return { id: "the-key", secret: "not to be seen" };
					},
					listUsers: () => step("work"),
				},
			},
		);
	});
	beforeEach(() => {
		[begun, ended, steps, fails] = [[], [], [], {}];
		lines.length = 0;
	});
	after(brokers.stopAll);

	const admin = (more: CallMeta = {}): { meta: CallMeta; requestID: string } => ({
		meta: { user: { id: "ann", roles: ["admin"], sessionId: "s" }, client: { address: "192.0.2.7", agent: "" }, ...more },
		requestID: "request-1",
	});
	const suspend = (options: object = admin()) => broker.call("auth.updateUser", { id: "bob", suspended: true }, options);

	it("is written down before it is done, and what came of it afterwards", async () => {
		await suspend();
		assert.deepEqual(steps, ["begin", "work", "end"]);
		const [{ id, at, ...intent }] = begun as [AuditIntent];
		assert.deepEqual(intent, {
			...{ actor: { id: "ann", via: "rest" }, action: "auth.updateUser", target: "bob", details: { suspended: true } },
			...{ requestId: "request-1", address: "192.0.2.7" },
		});
		assert.ok(Math.abs(Date.parse(at) - Date.now()) < 60_000);
		assert.deepEqual(ended, [{ id, outcome: "done" }]);
	});

	it("is not done where it cannot be written down", async () => {
		fails = { begin: new StoreUnavailable("away") };
		await refused(suspend(), "UNAVAILABLE");
		assert.deepEqual(steps, ["begin"]);
	});

	it("is done once it is, also where its end cannot be written: the entry says that it was begun, the log what became of it", async () => {
		fails = { end: new StoreUnavailable("away") };
		await suspend();
		assert.deepEqual([steps, begun.length, ended], [["begin", "work", "end"], 1, []]);
		const [line] = lines.filter(([level]) => level === "error");
		assert.match(String(line?.[1]), /the end of auth\.updateUser \(done\) is missing in audit entry/);
	});

	it("may be refused or fail, with the code that its caller hears", async () => {
		for (const [error, heard, outcome] of [
			[new DomainError("TRANSITION_REFUSED"), "TRANSITION_REFUSED", "refused"],
			[new StoreUnavailable("away"), "UNAVAILABLE", "failed"],
		] as const) {
			fails = { work: error };
			await refused(suspend(), heard);
			assert.deepEqual([ended.at(-1)?.outcome, ended.at(-1)?.code], [outcome, heard]);
		}
		fails = { work: new Error("a mistake") };
		await assert.rejects(suspend(), /a mistake/);
		assert.deepEqual([ended.at(-1)?.outcome, ended.at(-1)?.code], ["failed", "INTERNAL"]);
	});

	it("has an administrator behind it: a call by name alone is refused, and so is anybody else's", async () => {
		await refused(suspend({}), "UNAUTHORIZED");
		await refused(suspend(admin({ user: { id: "bob", roles: ["buyer"], sessionId: "s" } })), "FORBIDDEN");
		assert.deepEqual(steps, []);
	});

	it("tells no secret, and names what was made by it", async () => {
		await broker.call("auth.createKey", { name: "a till", password: "hunter2", note: "Bearer abcdefghijklm" }, admin());
		assert.doesNotMatch(JSON.stringify([begun, ended, lines]), /hunter2|abcdefghijklm|not to be seen/);
		assert.deepEqual([begun[0]?.target, ended[0]?.target, begun[0]?.details.name], [null, "the-key", "a till"]);
	});

	it("is kept short, however much was sent", async () => {
		await broker.call("auth.updateUser", { id: "bob", much: "x".repeat(100_000), more: 1 }, admin());
		assert.deepEqual(begun[0]?.details, { tooLong: ["much", "more"] });
	});

	it("is told from what is only read", async () => {
		await broker.call("auth.listUsers", {}, admin());
		assert.deepEqual(steps, ["work"]);
	});

	it("at the prompt says that it was there", async () => {
		await suspend(admin({ via: "repl", user: { id: "repl:ann@desk", roles: ["admin"], sessionId: "repl" } }));
		assert.deepEqual(begun[0]?.actor, { id: "repl:ann@desk", via: "repl" });
	});
});
