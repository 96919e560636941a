import type { Service, ServiceSchema, ServiceSettingSchema } from "moleculer";
import { profile as profileOfProcess } from "../../config/profile.ts";
import { type DurableEventsMembers, durableEvents } from "../../mixins/durable-events/durable-events.mixin.ts";
import { health } from "../../mixins/health/health.mixin.ts";
import { type VolatileRedis, volatileRedis } from "../../mixins/redis/volatile-redis.ts";
import { type RetentionMembers, retention } from "../../mixins/retention/retention.mixin.ts";
import { type StoreMembers, type StoreMethods, store } from "../../mixins/store/store.mixin.ts";
import { administration } from "./admin.mixin.ts";
import { auditing } from "./auditing.mixin.ts";
import { type AuthCollections, type AuthProfile, type AuthService, type AuthVars, collections } from "./auth-base.ts";
import { Background } from "./background.adapter.ts";
import { type Announce, ensureAdmin } from "./first-admin.adapter.ts";
import { keys } from "./keys.mixin.ts";
import { loginThrottle } from "./login-throttle.adapter.ts";
import { ownAccounts } from "./me.mixin.ts";
import { PasswordHasher } from "./password-hasher.adapter.ts";
import { passwordReset } from "./password-reset.mixin.ts";
import { people } from "./people.mixin.ts";
import { registering } from "./registering.mixin.ts";
import { ResetDesk } from "./reset-desk.adapter.ts";
import { authRetention } from "./retaining.ts";
import { serviceKeysOfPrograms } from "./service-keys.mixin.ts";
import { SessionKeeper } from "./session-keeper.adapter.ts";
import { sessions } from "./sessions.mixin.ts";
import { SigningKeys } from "./signing-keys.adapter.ts";
import { verification } from "./verification.mixin.ts";

// Users, their passwords and sessions, the keys that access tokens are signed with, and those that programs come in with. What it
// offers stands in the mixins beside this file, how it decides in the plain modules, and what touches the world in the adapters.

export interface AuthOptions {
	/** Default: that of the process. */
	profile?: AuthProfile;
	/** Where the first admin's password is shown. Default: standard output, past the logger, which may write files. */
	announce?: Announce;
}

/** How often what others left unfinished is looked for, in ms. */
const sweepEvery = 10_000;

type Vars = StoreMembers<AuthCollections> &
	DurableEventsMembers &
	RetentionMembers &
	AuthVars & { redis: VolatileRedis | null; background: Background | undefined };
type This = Service & Vars;

const toConsole: Announce = (text) => void process.stdout.write(`${text}\n`);

/** The store's part in readiness: rejects with what is wrong. */
const requireStore = async (auth: This): Promise<void> => {
	const { ok, detail } = await auth.storeHealth();
	if (!ok) throw new Error(detail ?? "the store does not answer");
};

const openRedis = (auth: This, url: string): VolatileRedis =>
	volatileRedis(url, (error) => auth.logger.warn(`Redis is away, each node counts log-ins for itself: ${error.message}`));

const createKeeper = (auth: This, ttl: number): SessionKeeper =>
	new SessionKeeper({
		users: auth.store.users,
		sessions: auth.store.sessions,
		keys: auth.keys,
		ttl,
		tell: (ended) => auth.broker.broadcast("auth.session_ended", ended),
		onReuse: ({ _id, userId }) => auth.logger.warn(`an old refresh token of user ${userId} was used: session ${_id} ends`),
	});

const equip = async (auth: This, profile: AuthProfile, background: Background): Promise<void> => {
	const { redisUrl, rateLimits, keyPrefix, accessTokenTtl } = profile;
	auth.keys = await SigningKeys.open(profile, (error) =>
		auth.logger.error("jwt-keys.json cannot be used, the keys stay what they were:", error),
	);
	auth.redis = redisUrl === null ? null : openRedis(auth, redisUrl);
	auth.redis?.connect();
	auth.throttle = loginThrottle(rateLimits.login, auth.redis, keyPrefix);
	auth.hasher = new PasswordHasher();
	auth.keeper = createKeeper(auth, accessTokenTtl);
	const { users, asked_resets: asked } = auth.store;
	const onRequest = (id: string): void => auth.logger.info(`a new password was asked for user ${id}, whom a link is mailed to`);
	auth.resetDesk = new ResetDesk({ users, asked, soon: (work) => background.later(0, work), onRequest });
	await auth.hasher.warmUp();
};

const keepAdmin = async (auth: This, given: AuthProfile["admin"], announce: Announce, background: Background): Promise<void> => {
	const again = await ensureAdmin(auth, given, announce);
	if (again !== null) background.later(again, () => keepAdmin(auth, given, announce, background));
};

export const auth = ({
	profile,
	announce = toConsole,
}: AuthOptions = {}): ServiceSchema<ServiceSettingSchema, StoreMethods, Vars> => ({
	name: "auth",
	// The store comes last: it is opened before all else starts and closed after all else has stopped.
	mixins: [
		registering,
		sessions,
		keys,
		ownAccounts,
		passwordReset,
		verification,
		people,
		administration,
		auditing,
		serviceKeysOfPrograms,
		health(function (this: This) {
			return { checks: { store: () => requireStore(this) }, consumers: async () => this.retentionTrouble() };
		}),
		durableEvents({ collections: ["users"] }),
		retention<AuthService>(authRetention),
		store<AuthCollections>({ main: "users", collections }),
	],

	async started() {
		const chosen = profile ?? profileOfProcess();
		const background = new Background((error) => this.logger.error("work in the background failed:", error));
		this.background = background;
		await equip(this, chosen, background);
		await keepAdmin(this, chosen.admin, announce, background);
		background.every(sweepEvery, () => this.keeper.sweep());
		background.every(sweepEvery, () => this.resetDesk.sweep());
	},

	async stopped() {
		await this.background?.stop();
		this.redis?.close();
	},
});

export default auth();
