// Requests for a mail with a link, as they stand in an account. Anybody may ask for a link to anybody's address: so they are few, and
// yet nobody can use them up to keep the owner out, for what is refused is refused only while a link that was mailed still works.

export interface LinkRequest {
	id: string;
	/** Epoch ms. */
	at: number;
	/** Its link was used, or what it was for has changed. It stays for a while, so that a late repeat of the request is known. */
	void?: true;
}

const minute = 60_000;
const day = 24 * 60 * minute;

/** How long a link to set a new password works, in ms. */
export const resetLife = 60 * minute;
/** How long a link to verify an address works, in ms. */
export const verificationLife = 7 * day;

/** Between two mails to one address. Who sends the form twice, or loses the answer and tries again, gets one mail. */
const pause = minute;
/** Requests that are remembered, and mails that come in a day before one has to wait for the last link to end. */
const kept = 3;

/** From when on another may be taken, in epoch ms. */
export const nextAllowedAt = (requests: readonly LinkRequest[], life: number): number => {
	const open = requests.filter((request) => !request.void);
	const newest = open.at(-1);
	if (!newest) return 0;
	const oldest = open.at(-kept);
	return Math.max(newest.at + pause, oldest ? Math.min(oldest.at + day, newest.at + life) : 0);
};

/** With one more; null if it is among them already, or comes too soon. */
export const withRequest = (requests: readonly LinkRequest[], request: LinkRequest, life: number): LinkRequest[] | null => {
	if (requests.some(({ id }) => id === request.id) || request.at < nextAllowedAt(requests, life)) return null;
	return [...requests, request].slice(-kept);
};

export const voided = (requests: readonly LinkRequest[]): LinkRequest[] =>
	requests.map((request) => ({ ...request, void: true as const }));

/** The request of this id, if its link works now. */
export const openRequest = (requests: readonly LinkRequest[], id: string, life: number, now: number): LinkRequest | null =>
	requests.find((request) => request.id === id && !request.void && now < request.at + life) ?? null;
