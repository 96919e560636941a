import type { Context, ServiceSchema } from "moleculer";
import { clock } from "../../config/clock.ts";
import { mutate } from "../../mixins/store/versioned.ts";
import type { EmailService } from "./email-base.ts";
import { decideRelease } from "./moves.ts";

// Mails are held by what their recipient wanted when they were looked at. Whoever wants something else by now does not wait for that: they
// are looked at again. This may be lost, and mails be held while it runs: these are looked at when it was said that they would be.

const pageSize = 100;

async function release(this: EmailService, { params: { userId } }: Context<{ userId: string }>): Promise<void> {
	const { mails } = this.store;
	const at = clock.now();
	for (let after = ""; ; ) {
		const where = { userId, status: "held", listKey: { $gt: after } } as const;
		const page = await mails.find({ where, sort: [["listKey", 1]], limit: pageSize });
		for (const mail of page) await mutate(mails, mail._id, (current) => decideRelease(current, at), { at }, mail);
		if (page.length > 0) this.sending?.wake();
		if (page.length < pageSize) return;
		after = page.at(-1)?.listKey ?? "";
	}
}

export const releasing: Partial<ServiceSchema> = {
	events: {
		"notification.preferences_changed": {
			handler(this: EmailService, ctx: Context<{ userId: string }>) {
				return release.call(this, ctx).catch((error) => this.logger.warn("Mails that were held wait on:", error));
			},
		},
	} as unknown as NonNullable<ServiceSchema["events"]>, // Moleculer's types do not know whose `this` it is
};
