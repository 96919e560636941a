import { useEffect, useState } from "react";
import { useStore } from "../api/store.ts";
import { type InboxState, inboxState } from "../live/inbox.ts";

const words: Readonly<Record<InboxState, string>> = {
	off: "Not connected yet",
	connecting: "Connecting",
	live: "Live",
	waiting: "Connecting again",
	paused: "Paused",
	closed: "Not live: pages ask from time to time",
};

const useOnline = (): boolean => {
	const [online, setOnline] = useState(navigator.onLine);
	useEffect(() => {
		const look = (): void => setOnline(navigator.onLine);
		addEventListener("online", look);
		addEventListener("offline", look);
		return () => {
			removeEventListener("online", look);
			removeEventListener("offline", look);
		};
	}, []);
	return online;
};

/** The state in words too: colour alone tells nothing to many. */
export const ConnectionDot = () => {
	const state = useStore(inboxState);
	const online = useOnline();
	const text = online ? words[state] : "Offline";
	const colour = !online || state === "closed" ? "bg-danger" : state === "live" ? "bg-ok" : "bg-warn";
	return (
		<span
			role="status"
			title={text}
			className="inline-flex items-center gap-1.5 text-muted text-xs"
			data-connection={online ? state : "offline"}
		>
			<span className={`size-2.5 rounded-full ${colour}`} aria-hidden="true" />
			<span className="sr-only sm:not-sr-only sm:max-w-24 sm:truncate">{state === "closed" && online ? "Not live" : text}</span>
		</span>
	);
};

export const OfflineBanner = () => {
	const online = useOnline();
	if (online) return null;
	return (
		<p role="status" className="bg-warn-soft px-4 py-2 text-center text-sm text-warn">
			You are offline. What you see may be old; messages you write go out when you are back.
		</p>
	);
};
