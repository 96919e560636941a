import assert from "node:assert/strict";
import type { Change } from "../../../mixins/store/versioned.ts";
import { type Mail, newMail } from "../../../services/email/mail.ts";
import { decideClaim, decideForget, decideOutcome, decideRelease, decideRetry } from "../../../services/email/moves.ts";
import { mostTries } from "../../../services/email/retry.ts";

const day = 86_400_000;

describe("what happens to a mail", () => {
	const draft = { userId: "ann", template: "welcome", kind: null, data: {} } as const;
	const queued = (): Mail => ({ ...newMail(draft, "e1", 1_000), version: 1, updatedAt: "" });
	const moved = (mail: Mail, change: Change | null): Mail => {
		const left = Object.entries({ ...mail, ...change?.set }).filter(([name]) => !change?.unset?.includes(name));
		return { ...(Object.fromEntries(left) as unknown as Mail), version: mail.version + (change ? 1 : 0) };
	};
	const claimed = (mail: Mail, id: string, at: number): Mail => moved(mail, decideClaim(mail, id, at, 9_000));
	const outcomes = ({ attempts }: Mail): string[] => attempts.map(({ outcome }) => outcome);

	it("is the same document for the same event, person and template, and another for each other", () => {
		const ids = [queued()._id, newMail(draft, "e1", 2_000)._id];
		assert.equal(new Set(ids).size, 1);
		const others = [newMail(draft, "e2", 1)._id, newMail({ ...draft, userId: "bob" }, "e1", 1)._id];
		assert.equal(new Set([...ids, ...others]).size, 3);
	});

	it("one process at a time has it, until nothing is heard of that", () => {
		const mail = claimed(queued(), "a", 1_000);
		assert.equal(mail.claim?.id, "a");
		assert.equal(decideClaim(mail, "b", 9_999, 9_000), null);
		assert.equal(claimed(mail, "b", 10_000).claim?.id, "b");
	});

	it("a try of which nothing was heard is written down, and counts: a mail does not kill processes for ever", () => {
		let mail = queued();
		let lives = 0;
		for (let at = 1_000; mail.status === "queued"; at += 10_000) {
			mail = claimed(mail, `life-${at}`, at);
			if (mail.claim) lives += 1;
		}
		assert.deepEqual([lives, mail.status, mail.tries], [mostTries, "failed", mostTries]);
		assert.deepEqual(new Set(outcomes(mail)), new Set(["unknown"]));
	});

	it("who lost it decides nothing any more, but what a server took is sent", () => {
		const first = claimed(queued(), "a", 1_000);
		const second = claimed(first, "b", 20_000);
		assert.equal(decideOutcome(second, "a", { kind: "retry", reason: "451" }, 21_000), null);
		assert.equal(decideOutcome(second, "a", { kind: "dropped", reason: "nobody" }, 21_000), null);
		const sent = moved(second, decideOutcome(second, "a", { kind: "sent", code: 250 }, 21_000));
		assert.deepEqual([sent.status, outcomes(sent), sent.dueAt, sent.claim], ["sent", ["sent"], undefined, undefined]);
		const twice = decideOutcome(sent, "b", { kind: "sent", code: 250 }, 22_000);
		assert.deepEqual([outcomes(moved(sent, twice)), twice?.events], [["sent", "sent"], undefined]);
		assert.equal(decideOutcome(sent, "b", { kind: "failed", reason: "554", attempted: true }, 22_000), null);
	});

	it("what is held can be looked at before its time, unless somebody is at it", () => {
		const first = claimed(queued(), "a", 1_000);
		const held = moved(first, decideOutcome(first, "a", { kind: "held", until: day, reason: "night" }, 2_000));
		const released = moved(held, decideRelease(held, 3_000));
		assert.equal(claimed(released, "b", 3_000).claim?.id, "b");
		for (const other of [queued(), first, released, claimed(held, "b", day)]) assert.equal(decideRelease(other, 3_000), null);
	});

	it("what could not be tried costs no try, and a mail that is held says until when", () => {
		const mail = claimed(queued(), "a", 1_000);
		const postponed = moved(mail, decideOutcome(mail, "a", { kind: "postponed", until: 6_000 }, 2_000));
		assert.deepEqual([postponed.status, postponed.tries, postponed.dueAt, postponed.claim], ["queued", 0, 6_000, undefined]);
		const held = moved(mail, decideOutcome(mail, "a", { kind: "held", until: day, reason: "night" }, 2_000));
		assert.deepEqual([held.status, held.tries, held.dueAt, held.reason], ["held", 0, day, "night"]);
	});

	it("tells others of its end once, and when that was", () => {
		const mail = claimed(queued(), "a", 1_000);
		const lost = decideOutcome(mail, "a", { kind: "suppressed", reason: "550", attempted: true }, 2_000);
		assert.deepEqual(lost?.events?.map(({ type, data }) => [type, "status" in data && data.status]), [["email.failed", "suppressed"]]); // biome-ignore format: one line
		assert.equal(moved(mail, lost).removeAt, 2_000);
		assert.equal(decideOutcome(mail, "a", { kind: "dropped", reason: "nobody" }, 2_000)?.events, undefined);
	});

	it("an operator gives it all its tries again, once a request, and not while it is being sent", () => {
		const request = { key: "k", hash: "h", named: true };
		const failed: Mail = { ...queued(), status: "failed", tries: 10, reason: "451", removeAt: 5 };
		const again = moved(failed, decideRetry(failed, request, undefined, 7_000));
		assert.deepEqual(
			[again.status, again.tries, again.dueAt, again.reason, again.removeAt],
			["queued", 0, 7_000, undefined, undefined],
		);
		assert.equal(decideRetry(again, request, undefined, 8_000), null);
		assert.throws(() => decideRetry(again, { ...request, hash: "x" }, undefined, 8_000), { code: "IDEMPOTENCY_KEY_REUSED" });
		assert.throws(() => decideRetry(failed, request, [7], 8_000), { code: "VERSION_CONFLICT" });
		assert.throws(() => decideRetry({ ...failed, status: "sent" }, request, undefined, 8_000), { code: "TRANSITION_REFUSED" });
		const busy = claimed(queued(), "a", 1_000);
		assert.deepEqual(moved(busy, decideRetry(busy, request, undefined, 2_000)).claim, busy.claim);
	});

	it("of somebody who is gone nothing is kept but that there was a mail", () => {
		const mail = claimed({ ...queued(), data: { secret: 1 } }, "a", 1_000);
		const tried = moved(mail, decideOutcome(mail, "a", { kind: "retry", reason: "451 <ann@x.example>" }, 2_000));
		const gone = moved(tried, decideForget(tried, 3_000));
		assert.deepEqual([gone.status, gone.data, gone.dueAt], ["dropped", {}, undefined]);
		assert.ok(!JSON.stringify(gone).includes("ann@x.example"));
	});
});
