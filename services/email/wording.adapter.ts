import type { EmailService } from "./email-base.ts";
import type { Mail } from "./mail.ts";
import type { Contact } from "./people.adapter.ts";
import { MissingData, type Rendered, render } from "./templates/index.ts";
import { unsubscribeHeaders, unsubscribeLink } from "./unsubscribing.mixin.ts";

// What a mail says. Links that let somebody in are made anew each time it is said, and are kept nowhere.

export type Wording =
	| { kind: "words"; words: Rendered; headers: Readonly<Record<string, string>> }
	/** It can never be said. */
	| { kind: "failed"; reason: string }
	/** There is nothing left to say. */
	| { kind: "dropped"; reason: string };

/** The token that a template's link needs: null if it has become useless, undefined if there is none in it. */
export type TokenOf = (mail: Mail) => Promise<string | null | undefined>;

interface Link {
	token: string;
}

/** Auth's, the same for the same request. */
export const realToken =
	({ broker }: EmailService): TokenOf =>
	async ({ template, userId, data }) => {
		const ask = async (action: string, params: object): Promise<string | null> =>
			(await broker.call<Link | null, object>(action, params))?.token ?? null;
		if (template === "welcome" || template === "verification") return ask("auth.verificationToken", { userId });
		if (template === "password-reset") return ask("auth.resetToken", { userId, requestId: data.requestId });
		return undefined;
	};

export const hiddenToken: TokenOf = async () => "hidden";

/** Throws what the asked throw. */
export const wordingOf = async (service: EmailService, mail: Mail, { name }: Contact, tokenOf: TokenOf): Promise<Wording> => {
	const token = await tokenOf(mail);
	if (token === null) return { kind: "dropped", reason: "its link has become useless" };
	const unsubscribe = await unsubscribeLink(service, mail);
	const links = { home: service.profile.publicUrl, ...(token !== undefined && { token }), unsubscribe };
	try {
		return { kind: "words", words: render(mail.template, mail.data, { name, links }), headers: unsubscribeHeaders(unsubscribe) };
	} catch (error) {
		if (error instanceof MissingData) return { kind: "failed", reason: error.message };
		throw error;
	}
};
