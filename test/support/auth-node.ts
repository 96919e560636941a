import { Cachers, type Service, ServiceBroker } from "moleculer";
import { readEnvironment } from "../../config/environment.ts";
import type { Caller, CallMeta, Role } from "../../contracts/call.ts";
import { newId } from "../../contracts/ids.ts";
import { domainErrors } from "../../middlewares/domain-errors.ts";
import { TypeBoxValidator } from "../../middlewares/typebox-validator.ts";
import type { EndedSession } from "../../mixins/access-token/index.ts";
import type { OutboxEvent } from "../../mixins/durable-events/port.ts";
import { type StoreProfile, setStoreProfile } from "../../mixins/store/store-profile.ts";
import { auth } from "../../services/auth/auth.service.ts";
import type { AuthProfile, AuthService } from "../../services/auth/auth-base.ts";
import { quiet } from "./brokers.ts";
import { testSettings } from "./settings.ts";
import { removeDir, tempDir } from "./temp-dir.ts";

/** As who and from where a call is made. */
export interface From {
	user?: Caller;
	/** An Idempotency-Key; without one the request is on its own. */
	key?: string;
	hash?: string;
	ifMatch?: CallMeta["ifMatch"];
	address?: string;
	agent?: string;
}

export interface LoggedInUser {
	accessToken: string;
	refreshToken: string;
	expiresIn: number;
	user: { id: string; email: string; name: string; roles: Role[] };
	/** What a call as this person, in this session, comes from. */
	from: From & { user: Caller };
}

/** The auth service in a broker of its own. */
export interface AuthNode {
	broker: ServiceBroker;
	service: AuthService;
	/** Passwords of first admins that were shown. */
	announced: string[];
	/** Sessions of which this node heard that they ended, and users of which it heard that they changed. */
	heard: { ended: EndedSession[]; changed: string[] };
	/** Domain events that this node has written, with the write that each belongs to. */
	told: OutboxEvent[];
	call<T>(action: string, params?: object, from?: From): Promise<T>;
	/** The answer with what the service put into `meta`. */
	callMeta<T>(action: string, params?: object, from?: From): Promise<{ body: T; meta: CallMeta }>;
	register(change?: object, from?: From): Promise<{ id: string; email: string; name: string; roles: Role[] }>;
	login(email: string, from?: From & { password?: string }): Promise<LoggedInUser>;
	/** Registers somebody and logs them in. */
	somebody(change?: object): Promise<LoggedInUser & { email: string }>;
	/** Logs in the admin of the profile. */
	admin(): Promise<LoggedInUser>;
	stop(): Promise<void>;
}

export interface AuthNodeOptions {
	profile?: Partial<AuthProfile>;
	/** Kept by the caller; without it a folder is made, and removed by `stop`. */
	dataDir?: string;
	/** NATS, for several of them. */
	transporter?: string;
}

export const password = "correct horse battery staple";
export const adminAccount = { email: testSettings.ADMIN_EMAIL ?? "", password: testSettings.ADMIN_PASSWORD ?? "" };

/** What stands in the payload of an access token, unverified. */
export const payloadOf = (
	accessToken: string,
): { sub: string; sid: string; roles: Role[]; iat: number; exp: number; [claim: string]: unknown } =>
	JSON.parse(Buffer.from(accessToken.split(".")[1] ?? "", "base64url").toString("utf8"));

/** Broker option. */
export const overNats = (url: string) => ({ type: "NATS", options: { url } }) as const;

const metaOf = ({ user, key, hash = "hash", ifMatch, address = "192.0.2.1", agent = "test" }: From): CallMeta => ({
	...(user && { user }),
	request: { key: key ?? newId(), hash, named: key !== undefined },
	client: { address, agent },
	...(ifMatch && { ifMatch }),
});

const ear = (heard: AuthNode["heard"]) => ({
	name: "ear",
	events: {
		"auth.session_ended": { handler: (ctx: { params: EndedSession }) => void heard.ended.push(ctx.params) },
		"auth.user_changed": { handler: (ctx: { params: { id: string } }) => void heard.changed.push(ctx.params.id) },
	},
});

export const startAuthNode = async (store: StoreProfile, options: AuthNodeOptions = {}): Promise<AuthNode> => {
	setStoreProfile(store);
	const dataDir = options.dataDir ?? (await tempDir("auth"));
	const broker = new ServiceBroker({
		...quiet,
		nodeID: newId(),
		transporter: options.transporter === undefined ? null : overNats(options.transporter),
		validator: new TypeBoxValidator(),
		middlewares: [domainErrors()],
		cacher: new Cachers.MemoryLRU({ clone: true }),
		tracking: { enabled: true },
	});
	const announced: string[] = [];
	const heard: AuthNode["heard"] = { ended: [], changed: [] };
	const profile: AuthProfile = { ...readEnvironment({ ...testSettings, DATA_DIR: dataDir }), ...options.profile };
	const service = broker.createService(auth({ profile, announce: (text) => announced.push(text) })) as Service as AuthService;
	broker.createService(ear(heard));
	await broker.start();

	const told: OutboxEvent[] = [];
	const publish = service.store.onEvents;
	service.store.onEvents = (collection, id, events) => {
		told.push(...events);
		publish?.(collection, id, events);
	};

	const callMeta: AuthNode["callMeta"] = async (action, params = {}, from = {}) => {
		const meta = metaOf(from);
		return { body: await broker.call(`auth.${action}`, params, { meta }), meta };
	};
	const call: AuthNode["call"] = async (action, params, from) => (await callMeta<never>(action, params, from)).body;
	const register: AuthNode["register"] = (change = {}, from = {}) =>
		call("register", { email: `${newId()}@example.com`, password, name: "Somebody", ...change }, from);
	const login: AuthNode["login"] = async (email, { password: word = password, ...from } = {}) => {
		const tokens = await call<Omit<LoggedInUser, "from">>("login", { email, password: word }, from);
		const { sub, sid, roles } = payloadOf(tokens.accessToken);
		return { ...tokens, from: { ...from, user: { id: sub, sessionId: sid, roles } } };
	};
	return {
		broker,
		service,
		announced,
		heard,
		told,
		call,
		callMeta,
		register,
		login,
		somebody: async (change = {}) => {
			const { email } = await register(change);
			return { ...(await login(email, change)), email };
		},
		admin: () => login(adminAccount.email, { password: adminAccount.password }),
		async stop() {
			await broker.stop();
			if (!options.dataDir) await removeDir(dataDir);
		},
	};
};
