import assert from "node:assert/strict";
import { connect } from "../../client/index.ts";
import { Browsers, type Visitor } from "../support/browser.ts";
import { type Someone, signUp } from "../support/market.ts";
import { needs } from "../support/servers.ts";
import { type Souk, startSouk } from "../support/souk.ts";
import { assertUntroubled, visitAs } from "../support/web-visit.ts";

// In the page, 20 times a second: how long it takes from an event to the end of the frame after it; the longest of all.
const watchInput = `
	window.worst = 0;
	window.probe = setInterval(() => {
		const begun = performance.now();
		requestAnimationFrame(() => setTimeout(() => { window.worst = Math.max(window.worst, performance.now() - begun); }));
	}, 50);
`;

describe("A long conversation in the browser", function () {
	this.timeout(90_000);
	const browsers = new Browsers();
	let souk: Souk;
	let ana: Someone;
	let ben: Someone;
	let streamId: string;
	let reader: Visitor;
	before(async function () {
		needs(this, "chromium");
		souk = await startSouk();
		[ana, ben] = await Promise.all([signUp(souk.api, "buyer"), signUp(souk.api, "seller")]);
		streamId = (await souk.api.post("/v1/conversations", { memberIds: [ben.id] }, { token: ana.token })).body.streamId;
		await browsers.start();
	});
	after(async () => {
		await browsers.stop();
		await souk?.stop();
	});

	/** Posts by the SDK, `perSecond` at most. */
	const write = async (from: number, count: number, perSecond = Number.POSITIVE_INFINITY): Promise<void> => {
		const client = connect({ url: souk.url, token: ana.token });
		const stream = client.conversation(streamId, { last: 1 });
		const begun = performance.now();
		const posts: Promise<unknown>[] = [];
		for (let n = 0; n < count; n++) {
			const due = begun + (n / perSecond) * 1_000 - performance.now();
			if (due > 0) await new Promise((resolve) => setTimeout(resolve, due));
			posts.push(stream.post(`message ${from + n}`));
		}
		await Promise.all(posts);
		client.close();
	};

	const rows = () => reader.page.locator("[data-seq]");
	const lastRow = (seq: number) => reader.page.locator(`[data-seq="${seq}"]`);

	it("opens at its end, and goes back to the first of 2,000 messages without a hole, a repeat or a jump", async () => {
		await write(1, 2_000);
		reader = await visitAs(browsers, souk.url, ben.email, `/app/chat/${streamId}`);
		await lastRow(2_000).waitFor();
		const log = reader.page.getByRole("log");
		while ((await rows().first().getAttribute("data-seq")) !== "1") {
			const first = (await rows().first().getAttribute("data-seq")) ?? "";
			// Where the message stands that is on top before older ones come above it, and after.
			await log.evaluate((list: { scrollTop: number }) => {
				list.scrollTop = 300;
			});
			const top = (await lastRow(Number(first)).boundingBox())?.y;
			await reader.page.locator(`[data-seq="${Number(first) - 1}"]`).waitFor({ state: "attached" });
			const after = (await lastRow(Number(first)).boundingBox())?.y;
			assert.ok(Math.abs((after ?? 0) - (top ?? 0)) < 2, `message ${first} moved from ${top} to ${after}`);
		}
		const seqs = await rows().evaluateAll((all: readonly { dataset: { seq?: string } }[]) =>
			all.map(({ dataset }) => Number(dataset.seq)),
		);
		assert.deepEqual(
			seqs,
			Array.from({ length: 2_000 }, (_, index) => index + 1),
		);
	});

	it("lets go of what lies far above when its reader is at the end again", async () => {
		await reader.page.getByRole("button", { name: "To the newest" }).click();
		await lastRow(1).waitFor({ state: "detached" });
		assert.ok((await rows().count()) <= 500);
	});

	it("takes 1,000 messages at 100 a second, each once, while the page answers", async () => {
		await reader.page.evaluate(watchInput);
		await write(2_001, 1_000, 100);
		await lastRow(3_000).waitFor();
		const worst = (await reader.page.evaluate("clearInterval(window.probe), window.worst")) as number;
		console.log(`        the page answered within ${Math.round(worst)} ms`);
		const texts = await reader.page.locator("[data-bubble]").allInnerTexts();
		assert.deepEqual(
			texts.slice(-100),
			Array.from({ length: 100 }, (_, index) => `message ${2_901 + index}`),
		);
		assertUntroubled(reader);
	});
});
