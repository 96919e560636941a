import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import fc from "fast-check";
import { newId } from "../../../contracts/ids.ts";
import { formatRefreshToken, parseRefreshToken, refreshKey } from "../../../services/auth/refresh-token.ts";
import { decideRefresh, idleLife, repeatGrace, type Session } from "../../../services/auth/session.ts";

const key = refreshKey(randomBytes(32));
const other = refreshKey(randomBytes(32));

describe("a refresh token", () => {
	it("means what it was made of, under any of the keys", () => {
		const claim = { sessionId: newId(), generation: 7 };
		const token = formatRefreshToken(claim, key);
		assert.deepEqual(parseRefreshToken(token, [key]), claim);
		assert.deepEqual(parseRefreshToken(token, [other, key]), claim);
		assert.equal(parseRefreshToken(token, [other]), null);
		assert.equal(parseRefreshToken(token, []), null);
	});

	it("is the same every time it is made, and another for another purpose of the same secret", () => {
		const secret = randomBytes(32);
		const claim = { sessionId: newId(), generation: 1 };
		assert.equal(formatRefreshToken(claim, refreshKey(secret)), formatRefreshToken(claim, refreshKey(secret)));
		assert.notEqual(formatRefreshToken(claim, refreshKey(secret)), formatRefreshToken(claim, secret));
	});

	it("is refused when a single character was changed, dropped or added", () => {
		const token = formatRefreshToken({ sessionId: newId(), generation: 12 }, key);
		for (let at = 0; at < token.length; at++) {
			for (const sign of ["A", "b", "2", "1", "-", "."]) {
				if (token[at] === sign) continue;
				assert.equal(parseRefreshToken(token.slice(0, at) + sign + token.slice(at + 1), [key]), null);
			}
			assert.equal(parseRefreshToken(token.slice(0, at) + token.slice(at + 1), [key]), null);
		}
		assert.equal(parseRefreshToken(`${token}A`, [key]), null);
	});

	it("is refused when it was made up, whatever it is", () => {
		fc.assert(fc.property(fc.string(), (text) => assert.equal(parseRefreshToken(text, [key]), null)));
	});
});

describe("what a refresh token is worth", () => {
	const rotatedAt = 1_000_000_000_000;
	const session: Session = {
		_id: "s",
		userId: "u",
		epoch: 1,
		agent: "",
		address: "",
		createdAt: "",
		lastSeenAt: "",
		generation: 5,
		rotatedAt,
		accessUntil: rotatedAt,
		expiresAt: rotatedAt + 100 * idleLife,
		removeAt: rotatedAt,
	};
	const at = (ms: number, generation: number, change: Partial<Session> = {}) =>
		decideRefresh({ ...session, ...change }, generation, rotatedAt + ms);

	it("the newest: a rotation, until the session has been idle for too long or is over", () => {
		assert.equal(at(0, 5), "rotate");
		assert.equal(at(idleLife - 1, 5), "rotate");
		assert.equal(at(idleLife, 5), "over");
		assert.equal(at(5, 5, { expiresAt: rotatedAt + 5 }), "over");
		assert.equal(at(0, 5, { endedAt: rotatedAt }), "over");
		assert.equal(decideRefresh(null, 5, rotatedAt), "over");
	});

	it("the one before it: the same answer for ten seconds, then the end", () => {
		assert.equal(at(0, 4), "repeat");
		assert.equal(at(repeatGrace, 4), "repeat");
		assert.equal(at(repeatGrace + 1, 4), "reuse");
		assert.equal(at(-3_600_000, 4), "repeat", "the clock was set back");
	});

	it("any other: the end", () => {
		fc.assert(
			fc.property(fc.integer({ min: 1 }), fc.integer({ min: 0, max: idleLife - 1 }), (generation, ms) => {
				fc.pre(generation !== 5 && generation !== 4);
				assert.equal(at(ms, generation), "reuse");
			}),
		);
	});

	it("of a session that is over: nothing, and its end is not told again", () => {
		for (const generation of [1, 4, 5, 6]) assert.equal(at(0, generation, { endedAt: rotatedAt }), "over");
	});
});
