import { toast } from "sonner";
import { type News, onNews } from "../../live/inbox.ts";
import { navigate } from "../../router/router.tsx";
import { act } from "./queries.ts";
import { wordsFor } from "./words.ts";

const show = ({ id, body }: News): void => {
	const { title, text, to } = wordsFor(body);
	// Whoever looks at the thing sees it there.
	if (to !== null && location.pathname === to) return;
	const view = (): void => {
		if (to !== null) navigate(to);
		act(`${id}/read`).catch(() => undefined); // it stays unread in the list, no more
	};
	toast(title, { id, description: text, ...(to !== null && { action: { label: "View", onClick: view } }) });
};

/** Answers how to stop. */
export const toastNews = (): (() => void) => onNews(show);
