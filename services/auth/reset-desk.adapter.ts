import { clock } from "../../config/clock.ts";
import { newId } from "../../contracts/ids.ts";
import type { Collection, Document } from "../../mixins/store/port.ts";
import type { StoreCollection } from "../../mixins/store/store.ts";
import { type Cause, mutate } from "../../mixins/store/versioned.ts";
import { currentTraceparent } from "../../mixins/tracing/scope.ts";
import { resetLife } from "./link-request.ts";
import { isActive, resetRequested, type User } from "./user.ts";

/** Somebody asked for a new password for an address. It stands here until it was looked at, which is a moment. */
export interface AskedReset extends Document {
	emailKey: string;
	/** Epoch ms. */
	at: number;
	/** For the event's envelope. */
	requestid?: string;
	traceparent?: string;
}

export interface ResetDeskOptions {
	users: StoreCollection<User>;
	asked: Collection<AskedReset>;
	/** Does it soon, and keeps what it rejects with from whoever asked. */
	soon: (work: () => Promise<void>) => void;
	/** A link is to be mailed. */
	onRequest: (userId: string) => void;
}

/** After that whoever took a request is taken for dead, in ms. */
const grace = 5_000;
const batch = 100;

/**
 * Takes requests for new passwords. Whether the address is somebody's is found out behind the answer: before it, one write is made, the
 * same for every address, so that neither the words nor the time tell who has an account (ASVS 5.0 §6.3.8).
 */
export class ResetDesk {
	readonly #options: ResetDeskOptions;

	constructor(options: ResetDeskOptions) {
		this.#options = options;
	}

	async take(emailKey: string, { at, requestid }: Cause): Promise<void> {
		const traceparent = currentTraceparent();
		const asked: AskedReset = {
			_id: newId(),
			emailKey,
			at,
			...(requestid && { requestid }),
			...(traceparent && { traceparent }),
		};
		await this.#options.asked.create(asked);
		this.#options.soon(() => this.#settle(asked));
	}

	/** What a process that died has taken. Throws the first that failed, after all others were tried. */
	async sweep(): Promise<void> {
		const { asked } = this.#options;
		const left = await asked.find({ where: { at: { $lte: clock.now() - grace } }, sort: [["at", 1]], limit: batch });
		const outcomes = await Promise.allSettled(left.map((one) => this.#settle(one)));
		for (const outcome of outcomes) if (outcome.status === "rejected") throw outcome.reason;
	}

	/** A second run finds the request in the account, be it open or void, and changes nothing. */
	async #settle({ _id, emailKey, at, requestid, traceparent }: AskedReset): Promise<void> {
		const { users, asked, onRequest } = this.#options;
		const user = await users.findOne({ emailKey });
		const decide = (current: User) =>
			isActive(current) && clock.now() < at + resetLife ? resetRequested(current, { id: _id, at }) : null;
		const result = user && (await mutate(users, user._id, decide, { at: clock.now(), requestid, traceparent }, user));
		if (result?.changed) onRequest(result.entity._id);
		await asked.remove({ _id });
	}
}
