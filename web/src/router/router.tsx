import { type AnchorHTMLAttributes, type MouseEvent, useSyncExternalStore } from "react";

const changed = "souk-navigated";

const subscribe = (listener: () => void): (() => void) => {
	addEventListener("popstate", listener);
	addEventListener(changed, listener);
	return () => {
		removeEventListener("popstate", listener);
		removeEventListener(changed, listener);
	};
};

/** True once this document has shown another page than its first: from then on a page takes the focus when it comes. */
let moved = false;
export const hasMoved = (): boolean => moved;
addEventListener("popstate", () => {
	moved = true;
});

export const usePath = (): string => useSyncExternalStore(subscribe, () => location.pathname);
export const useSearch = (): URLSearchParams => new URLSearchParams(useSyncExternalStore(subscribe, () => location.search));

export const navigate = (to: string, { replace = false } = {}): void => {
	const isSamePage = new URL(to, location.href).pathname === location.pathname;
	history[replace ? "replaceState" : "pushState"](null, "", to);
	if (!isSamePage) {
		moved = true;
		scrollTo(0, 0);
	}
	dispatchEvent(new Event(changed));
};

const isPlainClick = (event: MouseEvent): boolean =>
	event.button === 0 && !event.metaKey && !event.ctrlKey && !event.shiftKey && !event.altKey;

/** A link to a page of this client. */
export const Link = ({ to, onClick, ...rest }: { to: string } & AnchorHTMLAttributes<HTMLAnchorElement>) => (
	<a
		href={to}
		onClick={(event) => {
			onClick?.(event);
			if (event.defaultPrevented || !isPlainClick(event)) return;
			event.preventDefault();
			navigate(to);
		}}
		{...rest}
	/>
);

export type Params = Readonly<Record<string, string>>;

/** `/app/orders/:id` against a path; null: another page. */
export const match = (pattern: string, path: string): Params | null => {
	const wanted = pattern.split("/");
	const given = path.replace(/(.)\/$/, "$1").split("/");
	if (wanted.length !== given.length) return null;
	const params: Record<string, string> = {};
	for (const [index, part] of wanted.entries()) {
		const value = given[index] ?? "";
		if (part.startsWith(":")) params[part.slice(1)] = decodeURIComponent(value);
		else if (part !== value) return null;
	}
	return params;
};
