import assert from "node:assert/strict";
import type { Page } from "playwright-core";
import { Browsers, type Visitor } from "../support/browser.ts";
import { httpClient, login } from "../support/http.ts";
import { admin } from "../support/settings.ts";
import { assertUntroubled, go, register, visitAs } from "../support/web-visit.ts";

/** As they came over the wire, or lie in the cache. */
const scriptBytes = `performance.getEntriesByType("resource").filter(({ name }) => name.endsWith(".js")).reduce((sum, { encodedBodySize }) => sum + encodedBodySize, 0)`;

/** Letters from right to left, markup, and characters outside of the basic plane: shown as they are. */
const buyerName = 'Amir أمير <img src=x onerror="alert(1)"> 🍢';
const sellerName = "Mei <b>Lim</b>";
const product = "Satay <i>ten</i> 🍢";

/** What is asked of each page on the way. */
export type LookAt = (page: Page, where: string) => Promise<void>;
const noLook: LookAt = () => Promise.resolve();

/** The story of a market in the browser: a buyer on a desktop, a seller on a phone in the dark, and an admin. */
export const webStory = (world: () => { url: string }, assertAccessible: LookAt = noLook): void => {
	const browsers = new Browsers();
	let buyer: Visitor;
	let seller: Visitor;
	before(async () => {
		await browsers.start();
		buyer = await browsers.visit(world().url);
		seller = await browsers.visit(world().url, { width: 390, height: 844, dark: true });
	});
	after(browsers.stop);

	const status = (visitor: Visitor, word: string) => visitor.page.locator(`[data-status=${word}]`).waitFor();
	const press = (visitor: Visitor, name: string | RegExp) =>
		visitor.page.getByRole("button", { name, exact: typeof name === "string" }).click();
	const order = async (method: string, quantity = "1"): Promise<void> => {
		await go(buyer.page, "Shop");
		await press(buyer, `Order ${product}`);
		await buyer.page.getByLabel("Quantity").fill(quantity);
		await buyer.page.getByLabel("Pay with").selectOption(method);
		await press(buyer, "Place the order");
	};

	it("lets two people make accounts, with names of any letters, and one offer something", async () => {
		await buyer.page.goto("/");
		await buyer.page.getByRole("heading", { name: "Log in" }).waitFor();
		await assertAccessible(buyer.page, "log in");
		await Promise.all([
			register(buyer, { email: "amir@example.com", name: buyerName }),
			register(seller, { email: "mei@example.com", name: sellerName, role: "seller" }),
		]);
		await seller.page.goto("/app/seller/products");
		await press(seller, "Offer a product");
		await seller.page.getByLabel("Name").fill(product);
		await seller.page.getByLabel("Price").fill("18.50");
		await seller.page.getByLabel("Pieces in stock").fill("9");
		await assertAccessible(seller.page, "offering a product");
		await press(seller, "Offer it");
		await seller.page.getByRole("listitem").getByText(product).first().waitFor();
	});

	it("shows what becomes of an order without a reload: declined, paid again, confirmed at the bank, paid", async () => {
		await buyer.page.reload(); // the cookie brings the session back
		await buyer.page.getByRole("button", { name: `Order ${product}`, exact: true }).waitFor();
		await buyer.page.locator("[data-connection=live]").waitFor();
		await assertAccessible(buyer.page, "shop");
		const bytes = (await buyer.page.evaluate(scriptBytes)) as number;
		assert.ok(bytes > 10_000 && bytes <= 200_000, `the first load takes ${bytes} bytes of script`);
		await order("sandbox_insufficient_funds", "2");
		await status(buyer, "payment_declined");
		assert.match(await buyer.page.getByRole("region", { name: "Status" }).innerText(), /insufficient funds/);
		await press(buyer, "Pay again");
		await buyer.page.getByLabel("Pay with").selectOption("sandbox_requires_action");
		await press(buyer, "Pay");
		await buyer.page.getByRole("link", { name: "Confirm the payment" }).click();
		await press(buyer, "Yes, it is me: pay");
		await status(buyer, "paid");
		await buyer.page.getByText("MYR 37.00").first().waitFor();
		await assertAccessible(buyer.page, "order");
	});

	it("shows the seller what comes in, live, and the buyer where it is", async () => {
		await go(seller.page, "Selling");
		await seller.page.locator("[data-order]").filter({ hasText: "Paid" }).waitFor();
		await order("sandbox_success");
		await status(buyer, "paid");
		await seller.page.locator("[data-order]").filter({ hasText: "Paid" }).nth(1).waitFor();
		await assertAccessible(seller.page, "incoming orders");
		await seller.page.locator("[data-order]").first().click();
		await press(seller, "Ship");
		await seller.page.getByLabel("Carrier").fill("Pos Laju");
		await seller.page.getByLabel("Tracking number").fill("PL-1");
		await press(seller, "It left the house");
		await status(buyer, "shipped");
		await press(seller, "Say where it is");
		await seller.page.getByLabel("Place").fill("كوالا لمبور");
		await press(seller, "Tell the buyer");
		await buyer.page.getByText("كوالا لمبور").first().waitFor();
		await press(seller, "Delivered");
		await press(seller, "It arrived");
		await status(buyer, "delivered");
		await press(seller, "Refund");
		await seller.page.getByLabel("Amount in MYR").fill("3.50");
		await press(seller, "Give it back");
		await buyer.page.getByText("Refunded in part").waitFor();
	});

	it("finds orders by status and by id", async () => {
		const id = new URL(buyer.page.url()).pathname.split("/").at(-1) ?? "";
		await go(buyer.page, "Orders");
		await buyer.page.getByLabel("Status").selectOption("delivered");
		await buyer.page.locator("[data-order]").first().waitFor();
		assert.equal(await buyer.page.locator("[data-order]").count(), 1);
		await assertAccessible(buyer.page, "orders");
		buyer.expect(/404 .*\/(v1\/orders|order)\/nothing/);
		await buyer.page.getByLabel("Find by id").fill("nothing");
		await buyer.page.keyboard.press("Enter");
		await buyer.page.getByText("There is no such order of yours").waitFor();
		await buyer.page.getByLabel("Find by id").fill(id);
		await buyer.page.keyboard.press("Enter");
		await status(buyer, "delivered");
	});

	it("rings the bell, and its list and its toast lead to the thing", async () => {
		await buyer.page.locator("[data-badge]").waitFor();
		await go(buyer.page, "Shop");
		await press(buyer, /^Notifications/);
		const items = buyer.page.locator("[data-notification]");
		await items.first().waitFor();
		await buyer.page.locator("[data-badge]").waitFor({ state: "detached" });
		await assertAccessible(buyer.page, "bell");
		const before = await items.count();
		await items.first().getByRole("button", { name: "Archive" }).click();
		await items.nth(before - 1).waitFor({ state: "detached" });
		await press(buyer, "Mark all read");
		await buyer.page.locator("[data-read=false]").first().waitFor({ state: "detached" });
		await press(buyer, "Unread");
		await buyer.page.getByText("All is read").waitFor();
		await press(buyer, "Archived");
		await items.first().waitFor();
		await buyer.page.keyboard.press("Escape");
		await order("sandbox_success");
		await status(buyer, "paid");
		// Of several toasts the newest lies on top.
		await seller.page.locator("[data-sonner-toast][data-front=true]").getByRole("button", { name: "View" }).click();
		await status(seller, "paid");
		await buyer.page.getByRole("button", { name: /^Account of/ }).click();
		await buyer.page.getByRole("link", { name: "Notifications" }).click();
		await buyer.page.getByLabel("Messages while I am away: by mail").uncheck();
		await press(buyer, "Keep it so");
		await assertAccessible(buyer.page, "preferences");
		await buyer.page.reload();
		assert.equal(await buyer.page.getByLabel("Messages while I am away: by mail").isChecked(), false);
	});

	it("shows an admin the nodes, the ring, the connections, letters, mails, people and what was changed", async () => {
		const api = httpClient(world().url);
		await api.patch("/v1/admin/users/nobody", { suspended: true }, await login(api, admin.email, admin.password));
		const operator = await visitAs(browsers, world().url, admin.email, "/app/ops", {}, admin.password);
		const { page } = operator;
		await page.locator("[data-node]").first().waitFor();
		await assertAccessible(page, "nodes");
		const tabs: [string, () => Promise<void>][] = [
			[
				"Ring",
				() =>
					page
						.getByRole("img", { name: /^A circle/ })
						.first()
						.waitFor(),
			],
			["Connections", () => page.getByText("No connections").or(page.getByRole("cell")).first().waitFor()],
			["Dead letters", () => page.getByText("No dead letters").waitFor()],
			["Mails", () => page.locator("[data-mail]").first().waitFor()],
			["Users", () => page.getByRole("cell").getByText(buyerName).first().waitFor()],
			["Audit", () => page.locator("[data-audit='auth.updateUser']").getByText("NOT_FOUND").waitFor()],
		];
		for (const [name, shown] of tabs) {
			await page.getByRole("navigation", { name: "Operations" }).getByRole("link", { name }).click();
			await shown();
			await assertAccessible(page, name);
		}
		assertUntroubled(operator);
		await operator.context.close();
	});

	it("has a playground where the protocol is tried by hand", async () => {
		await go(buyer.page, "Playground");
		await press(buyer, "Connect");
		await buyer.page.locator("[data-wire=open]").waitFor();
		await buyer.page.locator("[data-event=ready]").waitFor();
		await buyer.page.getByLabel("Message", { exact: true }).selectOption("history");
		await press(buyer, "Send");
		await buyer.page.locator("[data-event='ack of history']").waitFor();
		await assertAccessible(buyer.page, "playground");
	});

	it("leaves nothing behind after a log-out, in any tab", async () => {
		const other = await buyer.context.newPage();
		await other.goto("/app/orders");
		await other.locator("[data-order]").first().waitFor();
		await buyer.page.getByRole("button", { name: /^Account of/ }).click();
		await press(buyer, "Log out");
		for (const page of [buyer.page, other]) {
			await page.getByRole("heading", { name: "Log in" }).waitFor();
			assert.ok(!(await page.content()).includes("Satay"));
		}
		assert.deepEqual(await buyer.context.cookies(), []);
		await buyer.page.goto("/app/orders");
		await buyer.page.getByRole("heading", { name: "Log in" }).waitFor();
	});

	it("had no console error, no thrown error and no report of the page's policy in all of that", () => {
		assertUntroubled(buyer, seller);
	});
};
