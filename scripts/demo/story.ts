import type { OrderView } from "../../contracts/http/orders.ts";
import { exponentOf, type Money } from "../../contracts/money.ts";
import { type HttpAnswer, type HttpClient, login } from "../../test/support/http.ts";
import { until } from "../../test/support/until.ts";
import { mailedToken } from "./mail.ts";
import { missedTexts, talk } from "./talk.ts";

// The story that `npm run demo` tells: every step is a real request, and a wrong answer ends it.

export type Tell = (line: string) => void;

interface Person {
	id: string;
	name: string;
	token: string;
}

const expect = (answer: HttpAnswer, status: number, step: string): HttpAnswer => {
	if (answer.status === status) return answer;
	throw new Error(`${step}: expected ${status}, got ${answer.status} ${answer.text}`);
};

const expectThat = (holds: boolean, step: string, seen: unknown): void => {
	if (!holds) throw new Error(`${step}: ${JSON.stringify(seen)}`);
};

const price = ({ amount, currency }: Money): string => {
	const digits = exponentOf(currency);
	return `${(amount / 10 ** digits).toFixed(digits)} ${currency}`;
};

const addressOf = (name: string): string => `${name.toLowerCase()}@souk.example`;

export class Story {
	readonly #url: string;
	readonly #api: HttpClient;
	readonly #dataDir: string;
	readonly #tell: Tell;

	constructor({ url, api, dataDir }: { url: string; api: HttpClient; dataDir: string }, tell: Tell) {
		this.#url = url;
		this.#api = api;
		this.#dataDir = dataDir;
		this.#tell = tell;
	}

	async run(): Promise<void> {
		const seller = await this.#join("Mei", "seller");
		const buyer = await this.#join("Amir", "buyer");
		const productId = await this.#offer(seller);
		await this.#paid(buyer, seller, productId);
		await this.#declined(buyer, productId);
		await this.#cancelled(buyer, productId);
		await this.#talked(buyer, seller);
		await this.#forgot(buyer);
	}

	async #join(name: string, role: "buyer" | "seller"): Promise<Person> {
		const email = addressOf(name);
		const password = `${name} likes long passwords`;
		const registered = await this.#api.post("/v1/auth/register", { email, password, name, role });
		const { id } = expect(registered, 201, `${name} registers`).body;
		const { token } = await login(this.#api, email, password);
		this.#tell(`${name} registered as a ${role} and logged in`);
		return { id, name, token };
	}

	async #offer({ name, token }: Person): Promise<string> {
		const body = { name: "Satay, ten sticks", price: { amount: 1800, currency: "MYR" } };
		const product = expect(await this.#api.post("/v1/products", body, { token }), 201, `${name} adds a product`).body;
		this.#tell(`${name} offers ${product.name} for ${price(product.price)}`);
		return product.id;
	}

	async #place(buyer: Person, productId: string, paymentMethod: string): Promise<OrderView> {
		const body = { items: [{ productId, quantity: 2 }], paymentMethod };
		const placed: OrderView = expect(await this.#api.post("/v1/orders", body, { token: buyer.token }), 201, "an order").body;
		this.#tell(`${buyer.name} placed ${placed.code} over ${price(placed.totals.total)} with ${paymentMethod}: ${placed.status}`);
		return placed;
	}

	async #untilOrder(buyer: Person, { id, code }: OrderView, holds: (order: OrderView) => boolean): Promise<OrderView> {
		const read = async (): Promise<OrderView> =>
			expect(await this.#api.get(`/v1/orders/${id}`, { token: buyer.token }), 200, `reading ${code}`).body;
		return until(code, read, holds);
	}

	async #move(person: Person, { id, code }: OrderView, move: string, body: object): Promise<OrderView> {
		const answer = await this.#api.post(`/v1/orders/${id}/${move}`, body, { token: person.token });
		return expect(answer, 200, `${move} ${code}`).body;
	}

	async #paid(buyer: Person, seller: Person, productId: string): Promise<void> {
		const placed = await this.#place(buyer, productId, "sandbox_success");
		const paid = await this.#untilOrder(buyer, placed, ({ status }) => status !== "placed");
		expectThat(paid.status === "paid" && paid.payment.status === "captured", `${paid.code} should be paid`, paid);
		this.#tell(`${paid.code} is paid: the payment service captured the money`);
		const shipped = await this.#move(seller, paid, "ship", { carrier: "Pos Laju", trackingNumber: "PL-1" });
		expectThat(shipped.status === "shipped", `${paid.code} should be shipped`, shipped);
		const delivered = await this.#move(seller, paid, "deliver", {});
		expectThat(delivered.status === "delivered", `${paid.code} should be delivered`, delivered);
		this.#tell(`${seller.name} shipped and delivered ${paid.code}`);
	}

	async #declined(buyer: Person, productId: string): Promise<void> {
		const placed = await this.#place(buyer, productId, "sandbox_insufficient_funds");
		const declined = await this.#untilOrder(buyer, placed, ({ status }) => status !== "placed");
		expectThat(declined.status === "payment_declined", `${declined.code} should be declined`, declined);
		this.#tell(
			`${declined.code} was declined (${declined.payment.declineCode}); ${buyer.name} may: ${declined.allowed.join(", ")}`,
		);
	}

	async #cancelled(buyer: Person, productId: string): Promise<void> {
		const placed = await this.#place(buyer, productId, "sandbox_success");
		await this.#untilOrder(buyer, placed, ({ status }) => status === "paid");
		const cancelled = await this.#move(buyer, placed, "cancel", { reason: "changed my mind" });
		expectThat(cancelled.status === "cancelled", `${placed.code} should be cancelled`, cancelled);
		this.#tell(`${buyer.name} cancelled ${placed.code} after it was paid`);
		await this.#untilOrder(buyer, placed, ({ payment }) => payment.status === "refunded");
		this.#tell(`the money for ${placed.code} went back`);
	}

	async #talked(buyer: Person, seller: Person): Promise<void> {
		const opened = await this.#api.post("/v1/conversations", { memberIds: [seller.id] }, { token: buyer.token });
		const { streamId } = expect(opened, 201, `${buyer.name} opens a conversation`).body;
		const seen = await talk(this.#url, streamId, buyer, seller, this.#tell);
		expectThat(seen.join() === missedTexts.join(), `what ${buyer.name} missed`, seen);
		this.#tell(
			`${buyer.name} lost the connection, came back, and got the ${seen.length} messages in between, each once and in order`,
		);
	}

	async #forgot({ name }: Person): Promise<void> {
		const email = addressOf(name);
		const verified = await this.#api.post("/v1/auth/verify-email", {
			token: await mailedToken(this.#dataDir, email, "verify-email"),
		});
		expect(verified, 204, `${name} opens the link of the welcome mail`);
		this.#tell(`${name} opened the welcome mail: the address is verified`);
		const asked = await this.#api.post("/v1/auth/password-reset", { email });
		expect(asked, 202, `${name} forgets the password`);
		const password = `${name} likes even longer passwords`;
		const link = { token: await mailedToken(this.#dataDir, email, "reset-password"), password };
		expect(await this.#api.post("/v1/auth/password-reset/confirm", link), 204, `${name} sets a new password`);
		expect(await this.#api.post("/v1/auth/password-reset/confirm", link), 401, "the link works once");
		await login(this.#api, email, password);
		this.#tell(`${name} forgot the password and set another by the link of a mail, which worked once`);
	}
}
