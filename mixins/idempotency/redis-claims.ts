import { randomUUID } from "node:crypto";
import { AWAY, type VolatileRedis } from "../redis/volatile-redis.ts";
import { type Answer, answerTtlMs, type Begin, type Claim, type Claims, claimTtlMs, judge, type Kept } from "./claims.ts";
import { memoryClaims } from "./memory-claims.ts";

// Only the holder may end or prolong a claim: it may have lost it while its process stood still.
const endIfMine = `local v = redis.call('get', KEYS[1])
if v and cjson.decode(v).token == ARGV[1] then return redis.call('del', KEYS[1]) end
return 0`;
const renewIfMine = `local v = redis.call('get', KEYS[1])
if v and cjson.decode(v).token == ARGV[1] then return redis.call('pexpire', KEYS[1], ARGV[2]) end
return 0`;

/**
 * Claims that all gateways share. A claim is taken in this process first, so that the requests of one node exclude each other
 * even while Redis is away; then two nodes may run the same request, and the entity in the database decides.
 */
export const redisClaims = (redis: VolatileRedis, prefix: string): Claims => {
	const local = memoryClaims();

	const held = (name: string, hash: string, token: string, mine: Claim): Claim => {
		const renewal = setInterval(
			() => void redis.ask((client) => client.eval(renewIfMine, 1, name, token, claimTtlMs)),
			claimTtlMs / 3,
		);
		renewal.unref();
		return {
			async remember(answer: Answer) {
				clearInterval(renewal);
				const kept: Kept = { hash, answer, token };
				const stored = await redis.ask((client) => client.set(name, JSON.stringify(kept), "PX", answerTtlMs));
				await (stored === AWAY ? mine.remember(answer) : mine.release());
			},
			async release() {
				clearInterval(renewal);
				await redis.ask((client) => client.eval(endIfMine, 1, name, token));
				await mine.release();
			},
		};
	};

	const claimShared = async (name: string, hash: string, mine: Claim): Promise<Begin> => {
		const token = randomUUID();
		const set = await redis.ask((client) => client.set(name, JSON.stringify({ hash, token }), "PX", claimTtlMs, "NX"));
		if (set === AWAY) return { kind: "claimed", claim: mine };
		if (set === "OK") return { kind: "claimed", claim: held(name, hash, token, mine) };
		const [kept, ttl] = await Promise.all([redis.ask((client) => client.get(name)), redis.ask((client) => client.pttl(name))]);
		if (kept === AWAY) return { kind: "claimed", claim: mine };
		// It ended between the two commands: its client may ask again at once.
		if (kept === null) return { kind: "running", retryAfterMs: 0 };
		return judge(JSON.parse(kept) as Kept, hash, typeof ttl === "number" && ttl > 0 ? ttl : 0);
	};

	return {
		async begin(key, hash) {
			const first = await local.begin(key, hash);
			if (first.kind !== "claimed") return first;
			const begun = await claimShared(`${prefix}:idempotency:${key}`, hash, first.claim);
			if (begun.kind !== "claimed") await first.claim.release();
			return begun;
		},
		close: () => local.close(),
	};
};
