import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Browsers, type Visitor } from "../test/support/browser.ts";
import { httpClient } from "../test/support/http.ts";
import { admin, startSouk } from "../test/support/souk.ts";
import { until } from "../test/support/until.ts";
import { password, visitAs } from "../test/support/web-visit.ts";

// npm run screenshots: pictures of every page, on a phone and on a desktop, into docs/screenshots. Needs chromium on PATH.

if (process.argv.includes("--help")) {
	console.log("npm run screenshots   writes docs/screenshots/<page>-<width>.png; takes chromium from PATH");
	process.exit(0);
}

const folder = fileURLToPath(new URL("../docs/screenshots/", import.meta.url));
const sizes = [
	{ width: 390, height: 844, dark: true },
	{ width: 1280, height: 800, dark: false },
];

// A name of its own, not that of the machine.
const souk = await startSouk({ env: { NODE_ID: "souk-1" } });
const browsers = new Browsers();
const { post, get, put } = httpClient(souk.url);

const comeIn = async (email: string, name: string, role: "buyer" | "seller"): Promise<{ id: string; token: string }> => {
	const { body } = await post("/v1/auth/register", { email, password, name, role });
	const login = await post("/v1/auth/login", { email, password });
	return { id: body.id, token: login.body.accessToken };
};

const settled = async (id: string, token: string): Promise<void> => {
	await until(
		`order ${id}`,
		async () => (await get(`/v1/orders/${id}`, { token })).body,
		({ status, payment }) => status !== "placed" || payment.status === "requires_action",
	);
};

/** A market with something of everything. */
const furnish = async (): Promise<{ orders: string[]; streamId: string }> => {
	const amir = await comeIn("amir@example.com", "Amir أمير", "buyer");
	const mei = await comeIn("mei@example.com", "Mei Lim", "seller");
	const goods = [
		["Satay, ten sticks", 1850, 40],
		["Nasi lemak", 1200, undefined],
		["Roti canai", 350, 0],
		["Teh tarik", 420, 200],
		["كعك بالتمر", 990, 12],
	] as const;
	const products: string[] = [];
	for (const [name, amount, stock] of goods) {
		const made = await post("/v1/products", { name, price: { amount, currency: "MYR" }, stock }, { token: mei.token });
		products.push(made.body.id);
	}
	const orders: string[] = [];
	for (const [index, method] of [
		"sandbox_success",
		"sandbox_insufficient_funds",
		"sandbox_requires_action",
		"sandbox_success",
	].entries()) {
		const items = [
			{ productId: products[0], quantity: index + 1 },
			{ productId: products[3], quantity: 2 },
		];
		const { body } = await post("/v1/orders", { items, paymentMethod: method }, { token: amir.token });
		await settled(body.id, amir.token);
		orders.push(body.id);
	}
	const ship = { carrier: "Pos Laju", trackingNumber: "PL 4711 MY", estimatedDelivery: "2027-01-08" };
	await post(`/v1/orders/${orders[0]}/ship`, ship, { token: mei.token });
	await post(`/v1/orders/${orders[0]}/tracking`, { status: "in_transit", location: "Kuala Lumpur" }, { token: mei.token });
	const { streamId } = (await post("/v1/conversations", { memberIds: [mei.id] }, { token: amir.token })).body;
	const talk = [
		[amir, "Hello Mei! Is the satay still warm when it gets here?"],
		[mei, "It leaves the grill when the rider is at the door. Twenty minutes to you."],
		[amir, "ممتاز، شكراً"],
		[mei, "Peanut sauce on the side?"],
		[amir, "Yes, please: twice <b>as much</b> as usual."],
	] as const;
	for (const [who, text] of talk) await post(`/v1/conversations/${streamId}/messages`, { text }, { token: who.token });
	const quietHours = { start: "22:00", end: "07:00", zone: "Asia/Kuala_Lumpur" };
	await put("/v1/notifications/preferences", { quietHours }, { token: amir.token });
	return { orders, streamId };
};

type Shot = [name: string, path: string, shown: string, then?: (visitor: Visitor) => Promise<void>];

const openBell = async ({ page }: Visitor): Promise<void> => {
	await page.getByRole("button", { name: /^Notifications/ }).click();
	await page.locator("[data-notification]").first().waitFor();
};

const connectWire = async ({ page }: Visitor): Promise<void> => {
	await page.getByRole("button", { name: "Connect", exact: true }).click();
	await page.locator("[data-event=ready]").waitFor();
};

const shoot = async (visitor: Visitor, width: number, shots: readonly Shot[]): Promise<void> => {
	for (const [name, path, shown, then] of shots) {
		await visitor.page.goto(path);
		await visitor.page.locator(shown).first().waitFor();
		await then?.(visitor);
		await visitor.page.screenshot({ path: join(folder, `${name}-${width}.png`) });
	}
};

try {
	await mkdir(folder, { recursive: true });
	await browsers.start();
	const { orders, streamId } = await furnish();
	for (const size of sizes) {
		const { width } = size;
		const stranger = await browsers.visit(souk.url, size);
		await shoot(stranger, width, [
			["log-in", "/app/login", "form"],
			["register", "/app/register", "form"],
			["forgot-password", "/app/forgot-password", "form"],
		]);
		const buyer = await visitAs(browsers, souk.url, "amir@example.com", "/app/shop", size);
		await shoot(buyer, width, [
			["shop", "/app/shop", "li h2"],
			["order-dialog", "/app/shop", "li h2", ({ page }) => page.getByRole("button", { name: /^Order Satay/ }).click()],
			["orders", "/app/orders", "[data-order]"],
			["order-shipped", `/app/orders/${orders[0]}`, "ol li"],
			["order-declined", `/app/orders/${orders[1]}`, "ol li"],
			["confirm", `/app/orders/${orders[2]}/confirm`, "form"],
			["chat", "/app/chat", "[data-conversation]"],
			["conversation", `/app/chat/${streamId}`, "[data-bubble]"],
			["bell", "/app/shop", "li h2", openBell],
			["preferences", "/app/preferences", "table"],
			["account", "/app/account", "section li"],
			["playground", "/app/playground", "form", connectWire],
		]);
		// Open while operators look at connections.
		await buyer.page.goto(`/app/chat/${streamId}`);
		const seller = await visitAs(browsers, souk.url, "mei@example.com", "/app/seller", size);
		await shoot(seller, width, [
			["selling", "/app/seller", "[data-order]"],
			["products", "/app/seller/products", "main li.card"],
		]);
		const operator = await visitAs(browsers, souk.url, admin.email, "/app/ops", size, admin.password);
		await shoot(operator, width, [
			["ops-nodes", "/app/ops", "[data-node]", ({ page }) => page.waitForTimeout(9_000)],
			["ops-ring", "/app/ops/ring", "svg[role=img]"],
			["ops-connections", "/app/ops/connections", "tbody tr"],
			["ops-dead-letters", "/app/ops/dead-letters", "main .card"],
			["ops-mails", "/app/ops/mails", "[data-mail]"],
			["ops-users", "/app/ops/users", "tbody tr"],
		]);
		for (const { context } of [stranger, buyer, seller, operator]) await context.close();
	}
} finally {
	await browsers.stop();
	await souk.stop();
}
