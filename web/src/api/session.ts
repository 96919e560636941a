import type { Me } from "../../../contracts/http/auth.ts";
import { nobodyAnswered, Refused, refusedBy } from "./problem.ts";
import { createStore } from "./store.ts";
import { alone, hearTabs, tellTabs } from "./tabs.ts";

// Who is logged in here. The access token is in this module's memory and nowhere else; what renews it is in a cookie that no script
// can read (docs/decisions/0025).

export type SessionState =
	| { kind: "starting" }
	/** The server could not be asked whether there is a session. */
	| { kind: "unreachable"; error: unknown }
	| { kind: "anonymous" }
	| { kind: "signed-in"; me: Me };

interface Access {
	token: string;
	/** `performance.now()` at which it ends. */
	until: number;
	/** ms. */
	life: number;
}

interface Tokens {
	accessToken: string;
	expiresIn: number;
}

export const session = createStore<SessionState>({ kind: "starting" });

let access: Access | null = null;
let refreshing: Promise<string> | null = null;

const path = "/app/session";

/** Not a secret: whether it is worth asking for a session at all. */
const hint = "souk-was-here";

const userId = (): string | null => {
	const state = session.get();
	return state.kind === "signed-in" ? state.me.id : null;
};

const keep = ({ accessToken, expiresIn }: Tokens): string => {
	const life = expiresIn * 1_000;
	access = { token: accessToken, until: performance.now() + life, life };
	return accessToken;
};

/** Sleep of the machine stops no token: a quarter of its life, at most a minute, is kept in hand. */
const isFresh = ({ until, life }: Access): boolean => until - performance.now() > Math.min(60_000, life / 4);

const ask = async (method: string, url: string, init: RequestInit = {}): Promise<Response> => {
	let answer: Response;
	try {
		answer = await fetch(url, { ...init, method, cache: "no-store" });
	} catch {
		throw nobodyAnswered();
	}
	if (!answer.ok) throw await refusedBy(answer);
	return answer;
};

/** All that this tab knows goes with its memory: nothing of one person is left when another one comes. */
const leave = (): void => {
	localStorage.removeItem(hint);
	location.replace("/app/login");
};

const noSession = (): never => {
	access = null;
	if (userId() !== null) leave();
	throw new Refused("UNAUTHORIZED", 401, "Your session is over: log in again");
};

const askForToken = (refused?: string): Promise<string> =>
	alone(async () => {
		// Another tab may have been first and told its token.
		if (access && access.token !== refused && isFresh(access)) return access.token;
		const answer = await ask("POST", `${path}/refresh`);
		if (answer.status === 204) return noSession();
		const tokens = (await answer.json()) as Tokens;
		const id = userId();
		if (id !== null) tellTabs({ type: "token", userId: id, token: tokens.accessToken, expiresIn: tokens.expiresIn });
		return keep(tokens);
	});

/** A new token; `refused` is the one that the server did not take. Callers at the same time share one request. */
export const renewToken = (refused?: string): Promise<string> => {
	refreshing ??= askForToken(refused).finally(() => {
		refreshing = null;
	});
	return refreshing;
};

export const accessToken = async (): Promise<string> => (access && isFresh(access) ? access.token : renewToken(access?.token));

export const start = async (): Promise<void> => {
	if (localStorage.getItem(hint) === null) return session.set({ kind: "anonymous" });
	try {
		const token = await renewToken();
		const answer = await ask("GET", "/v1/auth/me", { headers: { Authorization: `Bearer ${token}` } });
		session.set({ kind: "signed-in", me: (await answer.json()) as Me });
	} catch (error) {
		const isOver = error instanceof Refused && error.status === 401;
		if (isOver) localStorage.removeItem(hint);
		session.set(isOver ? { kind: "anonymous" } : { kind: "unreachable", error });
	}
};

export const login = async (email: string, password: string): Promise<void> => {
	const answer = await ask("POST", path, {
		headers: { "Content-Type": "application/json" },
		body: JSON.stringify({ email, password }),
	});
	const { user, ...tokens } = (await answer.json()) as Tokens & { user: Me };
	keep(tokens);
	localStorage.setItem(hint, "1");
	session.set({ kind: "signed-in", me: user });
	tellTabs({ type: "changed", userId: user.id });
};

/** Throws if the server could not be reached: the session would go on in its cookie, so nobody may be told that it is over. */
export const logout = async (): Promise<void> => {
	await alone(() => ask("DELETE", path));
	tellTabs({ type: "changed", userId: null });
	leave();
};

export const changeMe = (me: Me): void => session.set({ kind: "signed-in", me });

hearTabs((message) => {
	const mine = userId();
	if (message.type === "token" && message.userId === mine) keep({ accessToken: message.token, expiresIn: message.expiresIn });
	if (message.type === "changed" && message.userId !== mine) location.reload();
});
