import assert from "node:assert/strict";
import { Browsers, type Visitor } from "../support/browser.ts";
import type { HttpClient } from "../support/http.ts";
import { type Someone, signUp } from "../support/market.ts";
import { assertUntroubled, visitAs } from "../support/web-visit.ts";
import type { LookAt } from "./story.suite.ts";

export interface ChatWorld {
	url: string;
	api: HttpClient;
}

/** Kills the node that owns the stream: where there is another one to go on. */
export type KillOwner = (streamId: string) => Promise<void>;

export interface ChatOptions {
	killOwner?: KillOwner;
	/** Asked of each page on the way. */
	assertAccessible?: LookAt;
}

/** Two people talk, side by side in two windows. */
export const webChat = (
	world: () => ChatWorld,
	{ killOwner, assertAccessible = () => Promise.resolve() }: ChatOptions = {},
): void => {
	const browsers = new Browsers();
	let ana: Someone;
	let ben: Someone;
	let streamId: string;
	let one: Visitor;
	let other: Visitor;
	before(async () => {
		const { api, url } = world();
		[ana, ben] = await Promise.all([signUp(api, "buyer"), signUp(api, "seller")]);
		const opened = await api.post("/v1/conversations", { memberIds: [ben.id] }, { token: ana.token });
		streamId = opened.body.streamId;
		await browsers.start();
		one = await visitAs(browsers, url, ana.email, "/app/chat");
		other = await visitAs(browsers, url, ben.email, `/app/chat/${streamId}`, { width: 390, height: 844 });
	});
	after(browsers.stop);

	const write = async ({ page }: Visitor, text: string): Promise<void> => {
		await page.getByLabel("Message", { exact: true }).fill(text);
		await page.keyboard.press("Enter");
	};
	const bubble = ({ page }: Visitor, text: string | RegExp) => page.locator("[data-bubble]").filter({ hasText: text });
	const textsIn = ({ page }: Visitor): Promise<string[]> => page.locator("[data-bubble]").allInnerTexts();
	const live = ({ page }: Visitor) => page.locator("[data-live=live]").waitFor();

	it("begins with somebody who is found by name", async () => {
		await one.page.getByRole("button", { name: "New" }).click();
		await one.page.getByLabel("With").fill("A sell");
		await one.page.getByRole("list", { name: "People" }).getByRole("button").first().click();
		await one.page.getByRole("button", { name: "Open the conversation" }).click();
		await one.page.getByLabel("Message", { exact: true }).waitFor();
		await one.page.goto(`/app/chat/${streamId}`);
		await live(one);
	});

	it("shows one's own message at once, the other's live, with typing, receipts and presence", async () => {
		await write(one, "<script>alert(1)</script> مرحبا 🍢");
		await bubble(other, "<script>alert(1)</script> مرحبا 🍢").waitFor();
		await one.page.locator("[data-standing=read]").waitFor();
		await one.page.locator("[data-presence=online]").waitFor();
		await other.page.getByLabel("Message", { exact: true }).pressSequentially("Yes");
		await one.page.locator("[data-typing]").waitFor();
		await other.page.keyboard.press("Enter");
		await bubble(one, "Yes").waitFor();
		await assertAccessible(one.page, "chat");
		await assertAccessible(other.page, "chat on a phone");
	});

	it("changes and deletes a message for both", async () => {
		await write(one, "Wrnog");
		await bubble(other, "Wrnog").waitFor();
		await one.page.getByRole("button", { name: "Edit" }).last().click();
		await write(one, "Right");
		await bubble(other, "Right").waitFor();
		await other.page.getByText("edited").waitFor();
		await one.page.getByRole("button", { name: "Delete" }).last().click();
		await one.page.getByRole("button", { name: "Delete it for everybody" }).click();
		await bubble(other, "Deleted").waitFor();
		assert.deepEqual(await textsIn(other), await textsIn(one));
	});

	it("sends what was written offline once the connection is back, once and in order", async () => {
		one.expect(/ERR_INTERNET_DISCONNECTED/);
		await one.context.setOffline(true);
		await one.page.getByText("You are offline").waitFor();
		for (const text of ["first of three", "second of three", "third of three"]) await write(one, text);
		assert.equal(await one.page.locator("[data-standing=sending]").count(), 3);
		await write(other, "meanwhile");
		await one.context.setOffline(false);
		await bubble(other, "third of three").waitFor();
		await bubble(one, "meanwhile").waitFor();
		await one.page.locator("[data-standing=sending]").first().waitFor({ state: "detached" });
		const seen = await textsIn(other);
		assert.deepEqual(
			seen.filter((text) => text.endsWith("of three")),
			["first of three", "second of three", "third of three"],
		);
		assert.deepEqual(await textsIn(one), seen);
	});

	it("goes on when the access token ends while the page is open", async () => {
		await one.page.waitForResponse((answer) => answer.url().endsWith("/app/session/refresh") && answer.status() === 200);
		await write(one, "after the token's end");
		await bubble(other, "after the token's end").waitFor();
	});

	const writings = async (visitor: Visitor): Promise<string[]> =>
		(await textsIn(visitor)).filter((text) => /^(one|other) \d\.$/.test(text));

	const talkOn = async (kill: KillOwner): Promise<void> => {
		for (const visitor of [one, other]) visitor.expect(/WebSocket|ERR_|Failed to load/);
		for (let n = 0; n < 10; n++) {
			await write(one, `one ${n}.`);
			if (n === 4) await kill(streamId);
			await write(other, `other ${n}.`);
		}
		for (const visitor of [one, other]) {
			for (const who of ["one", "other"]) await bubble(visitor, new RegExp(`^${who} 9\\.`)).waitFor({ timeout: 45_000 });
			await visitor.page.locator("[data-standing=sending]").first().waitFor({ state: "detached" });
		}
		const seen = await writings(one);
		assert.equal(seen.length, 20);
		assert.equal(new Set(seen).size, 20);
		assert.deepEqual(await writings(other), seen);
	};

	if (killOwner) {
		it("loses nothing and shows nothing twice when a node is killed while both write", () => talkOn(killOwner));
	}

	it("had no trouble that was not foreseen", () => {
		assertUntroubled(one, other);
	});
};
