import { randomBytes } from "node:crypto";
import { clock } from "../../config/clock.ts";
import { DomainError } from "../../contracts/errors.ts";
import { deriveId } from "../../contracts/ids.ts";
import type { Collection, CollectionSpec } from "../../mixins/store/port.ts";
import type { Outcome } from "./outcome.ts";
import {
	type ChargeRequest,
	type Deliver,
	type Provider,
	type ProviderEvent,
	ProviderUnknown,
	type RefundCall,
	type WebhookHeaders,
} from "./provider.ts";
import type { RefundOutcome } from "./refunds.ts";
import { chargeTold, openCharge, outcomeOf, type SandboxCharge, voidedCharge } from "./sandbox-charge.ts";
import { readSandboxWebhook, type SandboxWebhook } from "./sandbox-webhook.ts";
import { isSigned, sign, signatureHeader } from "./webhook-signature.ts";

// A provider without a bank. Its books are a collection of their own, which nobody but it touches: each change is one atomic
// update filtered on the state that it is right in, so that no number of callers and no crash can charge or refund twice.

export const sandboxName = "sandbox";
export const sandboxCharges: CollectionSpec = {
	indexes: [
		{ name: "payment", fields: [["paymentId", 1]] },
		{ name: "webhook_due", fields: [["webhookDue", 1]], sparse: true },
	],
};

export interface SandboxOptions {
	charges: Collection<SandboxCharge>;
	/** Those that sign webhooks in the sandbox's name. */
	secrets: readonly string[];
	/** How long `sandbox_slow` takes to answer, ms. */
	slowAfter?: number;
}

const hour = 3_600_000;
const batchSize = 50;
/** How often a refund that lost a race against another one reads again. Each loss is somebody else's gain, so it ends. */
const refundTries = 50;

export class SandboxProvider implements Provider {
	readonly name = sandboxName;
	// Its books never forget a key; it lives by the rule of those that do.
	readonly keyLife = 23 * hour;
	readonly #charges: Collection<SandboxCharge>;
	readonly #secrets: readonly string[];
	/** For the webhooks that it sends itself, which never leave this process. */
	readonly #ownSecret = randomBytes(32).toString("base64url");
	readonly #slowAfter: number;

	constructor({ charges, secrets, slowAfter = 1_500 }: SandboxOptions) {
		this.#charges = charges;
		this.#secrets = secrets;
		this.#slowAfter = slowAfter;
	}

	async charge(request: ChargeRequest): Promise<Outcome> {
		const { charge, lost } = openCharge(request, clock.now() + this.#slowAfter);
		const { created, document } = await this.#charges.create(charge);
		if (created && lost) throw new ProviderUnknown("the answer was lost, as this method promises");
		return outcomeOf(document);
	}

	async lookup({ key }: ChargeRequest): Promise<Outcome | null> {
		const charge = await this.#charges.findById(key);
		return charge && outcomeOf(charge);
	}

	async confirm(request: ChargeRequest): Promise<Outcome> {
		const { key } = request;
		const charge = await this.#charges.findById(key);
		if (!charge) throw new ProviderUnknown(`there is no charge ${key}`);
		return (await this.#captureFrom(["requires_action"], charge)) ?? (await this.#stateOf(request));
	}

	/** No method of the sandbox stops at an authorisation. */
	capture(request: ChargeRequest): Promise<Outcome> {
		return this.#stateOf(request);
	}

	async void(request: ChargeRequest): Promise<Outcome> {
		const { created, document } = await this.#charges.create(voidedCharge(request));
		if (created) return outcomeOf(document);
		const voided = await this.#charges.update(
			{ _id: request.key, status: { $in: ["processing", "requires_action"] } },
			{ $set: { status: "voided" }, $unset: { webhookDue: true, nextAction: true } },
		);
		return voided ? outcomeOf(voided) : this.#stateOf(request);
	}

	async refund({ key, charge: { key: chargeKey }, amount }: RefundCall): Promise<RefundOutcome> {
		for (let round = 0; round < refundTries; round++) {
			const charge = await this.#charges.findById(chargeKey);
			if (!charge) return { status: "failed", code: "charge_not_found" };
			if (charge.refunds.some(({ id }) => id === key)) return { status: "succeeded" };
			if (amount.currency !== charge.amount.currency) return { status: "failed", code: "currency_mismatch" };
			if (charge.refunded + amount.amount > charge.captured) return { status: "failed", code: "amount_too_large" };
			const done = await this.#charges.update(
				{ _id: chargeKey, status: "captured", refunded: charge.refunded, "refunds.id": { $ne: key } },
				{ $inc: { refunded: amount.amount }, $push: { refunds: { id: key, amount: amount.amount } } },
			);
			if (done) return { status: "succeeded" };
		}
		throw new ProviderUnknown(`charge ${chargeKey} is being refunded by many at once`);
	}

	readWebhook(headers: WebhookHeaders, rawBody: string, now: number): ProviderEvent {
		if (!isSigned([...this.#secrets, this.#ownSecret], headers[signatureHeader], rawBody, now))
			throw new DomainError("BAD_SIGNATURE");
		return readSandboxWebhook(rawBody);
	}

	/** Whoever can sign for the sandbox is the bank behind it: money that they say was taken was, and can be given back. */
	async enterWebhook({ outcome }: ProviderEvent, request: ChargeRequest): Promise<void> {
		if (outcome?.status === "captured") {
			const { created, document } = await this.#charges.create(chargeTold(request, outcome));
			if (!created) await this.#captureFrom(["processing", "requires_action", "declined", "voided"], document);
		}
		if (outcome?.status === "declined") {
			const { created } = await this.#charges.create(chargeTold(request, outcome));
			if (!created) await this.#declineIfOpen(request.key, outcome.declineCode);
		}
	}

	/** Answers the slow charges. Died before the webhook was stored: it is still due, and goes out again with the same id. */
	async tick(deliver: Deliver, signal: AbortSignal): Promise<void> {
		for (let full = true; full && !signal.aborted; ) {
			const due = await this.#charges.find({
				where: { webhookDue: { $lte: clock.now() } },
				sort: [["webhookDue", 1]],
				limit: batchSize,
			});
			for (const charge of due) await this.#answer(charge, deliver);
			full = due.length === batchSize;
		}
	}

	async #answer(charge: SandboxCharge, deliver: Deliver): Promise<void> {
		const { _id } = charge;
		const captured = charge.status === "captured" || (await this.#captureFrom(["processing"], charge)) !== null;
		// Not captured: it was voided, or told otherwise, in the meantime, and there is nothing to tell.
		if (captured) await this.#tell(charge, deliver);
		await this.#charges.update({ _id, webhookDue: charge.webhookDue ?? null }, { $unset: { webhookDue: true } });
	}

	async #tell({ _id, paymentId }: SandboxCharge, deliver: Deliver): Promise<void> {
		const id = deriveId("sandbox-webhook", _id, "captured");
		const message: SandboxWebhook = { id, type: "payment.captured", data: { paymentId } };
		const body = JSON.stringify(message);
		await deliver({ [signatureHeader]: sign(this.#ownSecret, body, clock.now()) }, body);
	}

	/** Null if it was in none of these states. */
	async #captureFrom(states: readonly SandboxCharge["status"][], { _id, amount }: SandboxCharge): Promise<Outcome | null> {
		const captured = await this.#charges.update(
			{ _id, status: { $in: states } },
			{ $set: { status: "captured", captured: amount.amount }, $unset: { nextAction: true, declineCode: true } },
		);
		return captured && outcomeOf(captured);
	}

	async #declineIfOpen(key: string, declineCode: string): Promise<void> {
		await this.#charges.update(
			{ _id: key, status: { $in: ["processing", "requires_action"] } },
			{ $set: { status: "declined", declineCode }, $unset: { webhookDue: true, nextAction: true } },
		);
	}

	async #stateOf(request: ChargeRequest): Promise<Outcome> {
		const outcome = await this.lookup(request);
		if (!outcome) throw new ProviderUnknown(`there is no charge ${request.key}`);
		return outcome;
	}
}
