import Type, { type Static } from "typebox";
import { Compile } from "typebox/compile";
import { DomainError } from "../../contracts/errors.ts";
import type { Outcome } from "./outcome.ts";
import type { ProviderEvent } from "./provider.ts";

// The sandbox's webhooks: `{id, type, data: {paymentId, declineCode?}}`.

const SandboxWebhook = Type.Object({
	id: Type.String({ minLength: 1, maxLength: 200 }),
	type: Type.String({ minLength: 1, maxLength: 100 }),
	data: Type.Object({
		paymentId: Type.String({ minLength: 1, maxLength: 64 }),
		declineCode: Type.Optional(Type.String({ minLength: 1, maxLength: 100 })),
	}),
});
export type SandboxWebhook = Static<typeof SandboxWebhook>;
const schema = Compile(SandboxWebhook);

const parse = (body: string): unknown => {
	try {
		return JSON.parse(body);
	} catch {
		throw new DomainError("VALIDATION", "The body is not JSON");
	}
};

const outcomeOf = ({ type, data }: SandboxWebhook): Outcome | null => {
	if (type === "payment.captured") return { status: "captured" };
	if (type === "payment.declined") return { status: "declined", declineCode: data.declineCode ?? "card_declined" };
	return null;
};

/** Throws VALIDATION. A type that we do not know is fine: providers add some. */
export const readSandboxWebhook = (body: string): ProviderEvent => {
	const message = parse(body);
	if (!schema.Check(message)) {
		const errors = schema.Errors(message).map(({ instancePath, message: detail }) => ({ pointer: instancePath, detail }));
		throw new DomainError("VALIDATION", undefined, { errors });
	}
	return { id: message.id, type: message.type, paymentId: message.data.paymentId, outcome: outcomeOf(message) };
};
