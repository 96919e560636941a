// What the tabs of one browser tell each other. All of one origin, so it is no wider than the memory of one of them.

export type TabMessage =
	| { type: "token"; userId: string; token: string; expiresIn: number }
	/** Another session is in the cookie now, or none. */
	| { type: "changed"; userId: string | null };

const channel = "BroadcastChannel" in globalThis ? new BroadcastChannel("souk-session") : null;

export const tellTabs = (message: TabMessage): void => channel?.postMessage(message);

export const hearTabs = (listener: (message: TabMessage) => void): void => {
	channel?.addEventListener("message", ({ data }: MessageEvent<TabMessage>) => listener(data));
};

/**
 * One at a time among all tabs. Browsers have locks in secure contexts only; without them two tabs may refresh at once, and the
 * server gives both the same answer for ten seconds.
 */
export const alone = <T>(work: () => Promise<T>): Promise<T> =>
	"locks" in navigator ? (navigator.locks.request("souk-session", work) as Promise<T>) : work();
