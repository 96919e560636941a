import { DomainError } from "../../contracts/errors.ts";
import type { AuthService } from "./auth-base.ts";
import type { LinkRequest } from "./link-request.ts";
import { formatLinkToken, type LinkClaim, type LinkPurpose, parseLinkToken } from "./link-token.ts";

// Links of mails, with the keys of this service.

/** For whoever sends the mail. */
export interface Link {
	token: string;
	/** ISO 8601, UTC. */
	expiresAt: string;
}

/** The same for a token that is made up, was used, or is too old: which of them it is helps nobody but who tries tokens. */
export const linkRefused = (): DomainError =>
	new DomainError("UNAUTHORIZED", "This link does not work, or no longer: ask for another one");

/** Throws UNAUTHORIZED. A token that we did not make costs no look-up. */
export const claimOf = async ({ keys }: AuthService, purpose: LinkPurpose, token: string): Promise<LinkClaim> => {
	const claim = parseLinkToken(purpose, token, await keys.refreshKeys());
	if (!claim) throw linkRefused();
	return claim;
};

export const linkFor = async (
	{ keys }: AuthService,
	purpose: LinkPurpose,
	userId: string,
	{ id, at }: LinkRequest,
	life: number,
): Promise<Link> => {
	const [secret] = await keys.refreshKeys();
	if (!secret) throw new Error("the key set has no key to make links with"); // parseKeySet lets none such through
	return { token: formatLinkToken(purpose, { userId, requestId: id }, secret), expiresAt: new Date(at + life).toISOString() };
};
