import {
	decideWindow,
	lastOf,
	type MailWindows,
	mailWindowsId,
	type WindowDecision,
	type WindowStart,
	withStart,
} from "./chat-window.ts";
import type { EmailService } from "./email-base.ts";

// Windows in the store, under the condition that nobody else changed them meanwhile.

/** Messages to one person in one conversation at the same moment are few, and each time one of them gets its way. */
const tries = 16;

interface Written {
	streamId: string;
	eventId: string;
	/** Epoch ms. */
	at: number;
}

/** What this message is to each of them: one command, however many they are. */
export const lookAtWindows = async (
	{ store }: Pick<EmailService, "store">,
	userIds: readonly string[],
	message: Written,
	length: number,
): Promise<Map<string, WindowDecision>> => {
	const rows = await store.mail_windows.findByIds(userIds.map((userId) => mailWindowsId(userId, message.streamId)));
	const known = new Map(rows.map(({ userId, starts }) => [userId, starts]));
	return new Map(userIds.map((userId) => [userId, decideWindow(known.get(userId) ?? [], message, length)]));
};

const write = async (
	{ store }: Pick<EmailService, "store">,
	_id: string,
	userId: string,
	found: MailWindows | null,
	start: WindowStart,
): Promise<boolean> => {
	if (!found) {
		const lastAt = lastOf([start]);
		return (await store.mail_windows.create({ _id, userId, revision: 1, starts: [start], lastAt })).created;
	}
	const starts = withStart(found.starts, start);
	const change = { $set: { starts, lastAt: lastOf(starts) }, $inc: { revision: 1 } };
	return (await store.mail_windows.update({ _id, revision: found.revision }, change)) !== null;
};

/**
 * Begins a window, unless one is open. Answers whether this message began one, now or on a run before; after a lost answer the next
 * look tells. Throws what the store throws.
 */
export const beginWindow = async (
	service: Pick<EmailService, "store">,
	userId: string,
	streamId: string,
	start: WindowStart,
	length: number,
): Promise<boolean> => {
	const _id = mailWindowsId(userId, streamId);
	for (let attempt = 0; attempt < tries; attempt++) {
		const found = await service.store.mail_windows.findById(_id);
		const decision = decideWindow(found?.starts ?? [], start, length);
		if (decision !== "begins") return decision === "begun";
		if (await write(service, _id, userId, found, start)) return true;
	}
	throw new Error(`the windows of ${_id} are being changed by many at once`);
};
