import assert from "node:assert/strict";
import { setTimeout as delay } from "node:timers/promises";
import { type Market, openMarket } from "../support/market.ts";
import { seeded } from "../support/random.ts";
import { type SmtpSink, startSmtp } from "../support/smtp.ts";
import { type Souk, startSouk } from "../support/souk.ts";
import { until } from "../support/until.ts";
import { allMails, assertArrived, unknownIn, untilAllSent } from "./mail-books.ts";

const seed = Number(process.env.SOUK_TEST_SEED ?? 20_260);
const width = 3;

describe(`One process that is killed while it sends mails (seed ${seed})`, function () {
	this.timeout(120_000);
	const random = seeded(seed);
	let souk: Souk;
	let smtp: SmtpSink;
	let market: Market;
	let orders = 0;

	before(async () => {
		smtp = await startSmtp();
		souk = await startSouk({
			env: {
				...{ SMTP_URL: `${smtp.url}?maxConnections=${width}`, MAIL_FROM: "Souk <no-reply@souk.example>" },
				...{ LOG_LEVEL: "error", LEASE_TIMEOUT_MS: "300", RECONCILE_EVERY_MS: "100", OUTBOX_GRACE_MS: "300" },
			},
		});
		market = await openMarket(souk.api);
	});
	afterEach(() => {
		smtp.onStored = () => undefined;
	});
	after(async () => {
		await souk?.stop();
		await smtp?.stop();
	});

	const place = async (count: number): Promise<void> => {
		await Promise.all(Array.from({ length: count }, () => market.place({})));
		orders += count;
	};

	it("sends a mail once more whose answer it did not live to hear, and counts it", async () => {
		await untilAllSent(souk.api, "welcome", 3); // the admin's, too
		let killed = 0;
		const placed = Promise.withResolvers<void>();
		// It has all of the message, and the process is gone before it can say so.
		smtp.onStored = async ({ to }) => {
			if (killed > 0 || !to.includes(market.seller.email)) return;
			killed += 1;
			await placed.promise; // the order's own request is not what this is about
			await souk.kill("SIGKILL");
		};
		await place(1);
		placed.resolve();
		await until("the process to be killed", async () => killed, Boolean);
		await souk.restart(); // kills it first, if it has not gone yet
		const [mail] = await untilAllSent(souk.api, "purchase", 1);
		assert.ok(mail);
		assert.deepEqual([smtp.seen.of(`${mail.id}@souk.example`), unknownIn(mail)], [2, 1]);
	});

	it("sends each mail, and none twice but those in flight at a kill", async () => {
		const kills = 3;
		for (let kill = 0; kill < kills; kill++) {
			await place(8);
			await delay(random() * 400);
			await souk.kill("SIGKILL");
			await souk.restart();
		}
		const repeats = assertArrived(smtp, [
			...(await untilAllSent(souk.api, "purchase", orders)),
			...(await untilAllSent(souk.api, "order-paid", orders)),
		]);
		assert.ok(repeats <= 1 + kills * width, `${repeats} mails arrived again`);
		const mails = [...(await allMails(souk.api, "purchase")), ...(await allMails(souk.api, "order-paid"))];
		const inFlight = mails.reduce((sum, mail) => sum + unknownIn(mail), 0);
		assert.ok(inFlight <= 1 + kills * width, `${inFlight} tries were cut off`);
	});

	it("sends nothing again after that", async () => {
		const before = smtp.taken.length;
		await place(1);
		await untilAllSent(souk.api, "purchase", orders);
		await untilAllSent(souk.api, "order-paid", orders);
		assert.equal(smtp.taken.length, before + 2);
	});
});
