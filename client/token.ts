/** An access token, or where to get one: asked at the start, before the old one expires, and when the server refuses it. */
export type TokenSource = string | (() => string | Promise<string>);

/** How long before its end a token is replaced: at most a minute, or a fifth of its life. */
const leadMs = 60_000;
const longestTimer = 2 ** 31 - 1;

/** Epoch ms, from the token's own `exp` (RFC 7519 §4.1.4); undefined if it cannot be read. It is a hint for when to refresh: the server decides. */
const expiryOf = (token: string): number | undefined => {
	try {
		const payload = token.split(".")[1] ?? "";
		const { exp } = JSON.parse(atob(payload.replaceAll("-", "+").replaceAll("_", "/"))) as { exp?: unknown };
		return typeof exp === "number" ? exp * 1_000 : undefined;
	} catch {
		return undefined; // not a token that tells, which is no fault: the server says when it has expired
	}
};

/** The token that all streams of a client share. */
export class Token {
	readonly #source: TokenSource;
	readonly #refreshed: (token: string) => void;
	#current: Promise<string> | undefined;
	#timer: ReturnType<typeof setTimeout> | undefined;
	#closed = false;

	/** `refreshed` is told each token that replaces another. */
	constructor(source: TokenSource, refreshed: (token: string) => void) {
		this.#source = source;
		this.#refreshed = refreshed;
	}

	/** False for a fixed token: asking again would give the same. */
	get renewable(): boolean {
		return typeof this.#source === "function";
	}

	get(): Promise<string> {
		this.#current ??= this.#ask();
		return this.#current;
	}

	/** `refused` is what the server did not take; if it was replaced meanwhile by somebody else here, that one is answered. */
	async renew(refused?: string): Promise<string> {
		const current = await this.get().catch(() => undefined);
		if (refused === undefined || current === refused || current === undefined) this.#current = this.#ask();
		return this.get();
	}

	close(): void {
		this.#closed = true;
		clearTimeout(this.#timer);
	}

	#ask(): Promise<string> {
		const source = this.#source;
		const asked = (async () => (typeof source === "function" ? source() : source))();
		asked.then(
			(token) => this.#watch(token),
			() => {
				if (this.#current === asked) this.#current = undefined; // the next who needs one asks again
			},
		);
		return asked;
	}

	#watch(token: string): void {
		clearTimeout(this.#timer);
		const expiry = expiryOf(token);
		if (this.#closed || expiry === undefined || !this.renewable) return;
		const life = expiry - Date.now();
		const wait = Math.max(1_000, life - Math.min(leadMs, life / 5));
		this.#timer = setTimeout(() => void this.#replace(token), Math.min(wait, longestTimer));
	}

	async #replace(old: string): Promise<void> {
		try {
			const token = await this.renew(old);
			if (token !== old) this.#refreshed(token);
		} catch {
			// Not now; when the server refuses the old one, its stream asks again and shows what went wrong.
		}
	}
}
