import assert from "node:assert/strict";
import { stripeApiVersion } from "../../services/payment/stripe-client.ts";
import { openMarket } from "../support/market.ts";
import { needsOwn } from "../support/servers.ts";
import { type Cluster, startCluster } from "../support/souk.ts";
import { type StripeServer, startStripe } from "../support/stripe-server.ts";
import { until } from "../support/until.ts";
import { stripeFlow, stripeSettings } from "./stripe-flow.suite.ts";

describe("Orders on Stripe over HTTP, each service a process of its own", function () {
	this.timeout(60_000);
	let cluster: Cluster;
	let stripe: StripeServer;
	before(async function () {
		needsOwn(this, "nats", "mongod", "redis");
		stripe = await startStripe(stripeApiVersion);
		cluster = await startCluster({
			env: stripeSettings(stripe),
			nodes: [
				{ services: ["gateway"] },
				{ services: ["auth"] },
				{ services: ["orders"] },
				{ services: ["payment"] },
				{ services: ["payment"] },
				{ services: ["chat", "notification", "email"] },
			],
		});
	});
	after(async () => {
		await cluster?.stop();
		await stripe?.stop();
	});

	stripeFlow(
		() => cluster.api,
		() => stripe,
	);

	it("charges once when every payment node dies while Stripe is at it", async () => {
		const market = await openMarket(cluster.api);
		stripe.fault({ on: "POST /v1/payment_intents", done: true, answer: "hold" });
		const placed = await market.place({ paymentMethod: "pm_card_visa" });
		await until(
			"the charge to be on its way",
			async () => stripe.books.intentsOf(placed.payment.id).length,
			(count) => count === 1,
		);
		const nodes = cluster.withService("payment");
		await Promise.all(nodes.map(({ process }) => process.kill()));
		stripe.release();
		await Promise.all(nodes.map(({ process }) => process.start()));
		await market.until(placed.id, "paid");
		assert.equal(stripe.books.takenFor(placed.payment.id), 19_800);
		assert.equal(stripe.books.intentsOf(placed.payment.id).length, 1);
	});
});
