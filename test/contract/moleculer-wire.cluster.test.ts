import assert from "node:assert/strict";
import { type BrokerOptions, type Context, Errors, type ServiceBroker } from "moleculer";
import { Brokers } from "../support/brokers.ts";
import { needs, type RunningServer, startNats } from "../support/servers.ts";

class TasteError extends Errors.MoleculerError {
	readonly spoon = "silver";
}

interface NodeInfo {
	id: string;
	services: { name: string; settings: Record<string, unknown> }[];
}

describe("Moleculer: between two nodes over NATS", () => {
	const brokers = new Brokers();
	const calls: string[] = [];
	let nats: RunningServer | undefined;
	let caller: ServiceBroker;

	const kitchen = (nodeID: string, fails: boolean) => ({
		name: "kitchen",
		settings: { dish: "satay", password: "published", $secureSettings: ["recipe"], recipe: "kept" },
		actions: {
			cook: {
				retryPolicy: { enabled: true, retries: 1, delay: 1 },
				handler(): string {
					calls.push(nodeID);
					if (fails) throw new Errors.MoleculerRetryableError("burnt", 500, "BURNT");
					return nodeID;
				},
			},
			taste(_ctx: Context): never {
				throw new TasteError("too sweet", 409, "TOO_SWEET", { sugar: 3 });
			},
		},
	});

	before(async function () {
		this.timeout(90_000);
		needs(this, "nats");
		nats = await startNats();
		const options: BrokerOptions = {
			transporter: { type: "NATS", options: { url: nats.url } },
			namespace: `contract-${process.pid}`,
		};
		await brokers.start({ ...options, nodeID: "good" }, kitchen("good", false));
		await brokers.start({ ...options, nodeID: "bad" }, kitchen("bad", true));
		caller = await brokers.start({ ...options, nodeID: "caller" });
		await caller.waitForServices([{ name: "kitchen" }], 10_000);
		await untilNodes(caller, ["good", "bad"]);
	});
	after(async () => {
		await brokers.stopAll();
		await nats?.stop();
	});

	const nodesOf = (broker: ServiceBroker, skipServices: boolean): Promise<NodeInfo[]> =>
		broker.call("$node.list", { withServices: !skipServices, onlyAvailable: true });

	/** `waitForServices` is content with one node; the retry needs to have two to choose from. */
	const untilNodes = async (broker: ServiceBroker, wanted: readonly string[]): Promise<void> => {
		for (let seen: string[] = []; !wanted.every((id) => seen.includes(id)); ) {
			const offering = (await nodesOf(broker, false)).filter((node) => node.services?.some(({ name }) => name === "kitchen"));
			seen = offering.map(({ id }) => id);
			await new Promise(setImmediate);
		}
	};

	it("drops the nodeID of a call when it tries again, so a call that must go to one node may not be retried", async () => {
		calls.length = 0;
		// Round robin may pick the failing node again; what matters is that it may pick another one at all.
		const answers = await Promise.allSettled(Array.from({ length: 4 }, () => caller.call("kitchen.cook", {}, { nodeID: "bad" })));
		assert.ok(
			answers.some((answer) => answer.status === "fulfilled" && answer.value === "good"),
			`asked for "bad" only, answered by ${calls.join(", ")}`,
		);
	});

	it("makes a plain Error of an error class of ours; type, code and data survive, so those are what we switch on", async () => {
		await assert.rejects(caller.call("kitchen.taste", {}, { nodeID: "good" }), (error: unknown) => {
			assert.ok(error instanceof Error);
			assert.ok(!(error instanceof Errors.MoleculerError));
			assert.equal("spoon" in error, false);
			const { type, code, data, message } = error as Errors.MoleculerError;
			assert.deepEqual([type, code, data, message], ["TOO_SWEET", 409, { sugar: 3 }, "too sweet"]);
			return true;
		});
	});

	it("publishes the settings of every service to every node, but for $secureSettings", async () => {
		const good = (await nodesOf(caller, false)).find(({ id }) => id === "good");
		const settings = good?.services.find(({ name }) => name === "kitchen")?.settings ?? {};
		assert.equal(settings.password, "published");
		assert.equal("recipe" in settings, false);
	});
});
