import { useState } from "react";

/** `#token=…` of a link in a mail: behind the hash it was sent to no server. It is taken out of the address, and so of the history. */
export const useLinkToken = (): string | null =>
	useState(() => {
		const token = new URLSearchParams(location.hash.slice(1)).get("token");
		if (token !== null) history.replaceState(null, "", location.pathname);
		return token;
	})[0];
