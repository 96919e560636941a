import { inSpan } from "../../mixins/tracing/spans.ts";
import type { Payment } from "./payment.ts";
import { chargeKeyOf } from "./payment.ts";
import { type PaymentService, providerOf } from "./payment-base.ts";
import { type ChargeRequest, type Provider, type ProviderCall, ProviderUnknown } from "./provider.ts";

/** Shorter than the deadline after which the reconciler asks, so that as a rule one of them at a time is at it. */
const usualPatience = 2_500;

const within = async <T>(ms: number, call: (options: ProviderCall) => Promise<T>): Promise<T> => {
	const end = new AbortController();
	let timer: NodeJS.Timeout | undefined;
	const late = new Promise<never>((_resolve, reject) => {
		timer = setTimeout(() => {
			end.abort();
			reject(new ProviderUnknown(`no answer within ${ms} ms`));
		}, ms);
	});
	try {
		return await Promise.race([call({ signal: end.signal }), late]);
	} finally {
		clearTimeout(timer);
	}
};

export const chargeRequestOf = (payment: Payment): ChargeRequest => ({
	key: chargeKeyOf(payment),
	paymentId: payment._id,
	orderId: payment.orderId,
	amount: payment.amount,
	method: payment.method,
	since: Date.parse(payment.createdAt),
	ref: payment.providerRef,
});

/** Throws ProviderUnknown and nothing else: whatever went wrong, what we know is that we do not know. */
export const callProvider = async <T>(
	service: PaymentService,
	payment: Payment,
	call: (provider: Provider, options: ProviderCall) => Promise<T>,
): Promise<T> => {
	try {
		const provider = providerOf(service, payment);
		const span = { name: `${provider.name} call`, kind: "client" } as const;
		return await inSpan(span, () => within(provider.patience ?? usualPatience, (options) => call(provider, options)));
	} catch (error) {
		if (error instanceof ProviderUnknown) throw error;
		service.logger.warn(
			`Payment ${payment._id}: the call to ${payment.provider} failed, which leaves its outcome unknown:`,
			error,
		);
		throw new ProviderUnknown(error instanceof Error ? error.message : String(error), { cause: error });
	}
};
