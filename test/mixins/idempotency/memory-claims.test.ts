import assert from "node:assert/strict";
import { type Answer, answerTtlMs, type Begin, type Claim } from "../../../mixins/idempotency/claims.ts";
import { memoryClaims } from "../../../mixins/idempotency/memory-claims.ts";

const answer = (body = "{}"): Answer => ({ status: 201, headers: {}, body });
const claimOf = (begun: Begin): Claim => (begun.kind === "claimed" ? begun.claim : assert.fail(begun.kind));

describe("claims of one process", () => {
	let now: number;
	let claims: ReturnType<typeof memoryClaims>;
	beforeEach(() => {
		now = 0;
		claims = memoryClaims(() => now);
	});
	const kindOf = async (key: string, hash = "h") => (await claims.begin(key, hash)).kind;
	const remember = async (key: string, body?: string) => claimOf(await claims.begin(key, "h")).remember(answer(body));

	it("remember an answer for a day, and run the request anew after it", async () => {
		await remember("k");
		now = answerTtlMs - 1;
		assert.equal(await kindOf("k"), "answered");
		now = answerTtlMs;
		assert.equal(await kindOf("k"), "claimed");
	});

	it("never end while their request runs, however long that takes", async () => {
		await claims.begin("slow", "h");
		now = 10 * answerTtlMs;
		for (let n = 0; n < 11_000; n++) await remember(`k${n}`);
		assert.equal(await kindOf("slow"), "running");
	});

	it("forget the oldest answers first when there are too many", async () => {
		for (let n = 0; n <= 10_000; n++) await remember(`k${n}`);
		assert.equal(await kindOf("k0"), "claimed");
		assert.equal(await kindOf("k2"), "answered");
		assert.equal(await kindOf("k10000"), "answered");
	});

	it("keep no answer of more than 64 KiB", async () => {
		await remember("big", "x".repeat(64 * 1024 + 1));
		assert.equal(await kindOf("big"), "claimed");
	});

	it("tell another body from a repeat, running or answered", async () => {
		const claim = claimOf(await claims.begin("k", "h"));
		assert.equal(await kindOf("k", "other"), "reused");
		await claim.remember(answer());
		assert.equal(await kindOf("k", "other"), "reused");
	});
});
