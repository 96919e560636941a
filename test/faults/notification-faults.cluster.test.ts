import { connect } from "nats";
import { namesOf } from "../../mixins/durable-events/jetstream/names.ts";
import { seeded } from "../support/random.ts";
import { assertTold, openRumourMill, type RumourMill, type Rumours, rumours } from "../support/rumours.ts";
import { needsOwn } from "../support/servers.ts";
import { type Cluster, startCluster } from "../support/souk.ts";

const seed = Number(process.env.SOUK_TEST_SEED ?? 20_260);
const kills = 2;

describe(`A cluster whose nodes are killed while they tell people what happened (seed ${seed})`, function () {
	this.timeout(120_000);
	const random = seeded(seed);
	let cluster: Cluster;
	let mill: RumourMill;

	before(async function () {
		needsOwn(this, "nats", "mongod", "redis");
		cluster = await startCluster({
			nodes: [
				{ services: ["gateway", "auth", "orders", "payment", "chat"] },
				...Array.from({ length: 2 }, () => ({ services: ["notification"] })),
			],
			env: {
				...{ LOG_LEVEL: "error", LEASE_TIMEOUT_MS: "1000", ACK_WAIT_MS: "1000" },
				...{ OUTBOX_GRACE_MS: "300", OUTBOX_SWEEP_MS: "200" },
			},
		});
		mill = await openRumourMill(cluster.api);
	});
	after(() => cluster?.stop());

	/** Under message ids of their own: to the bus, an event that comes again is another message. */
	const publish = async ({ told }: Rumours): Promise<void> => {
		const names = namesOf("souk");
		const nats = await connect({ servers: cluster.nats.url });
		const js = nats.jetstream();
		await Promise.all(
			told.map((event, index) => js.publish(names.event(event.type), JSON.stringify(event), { msgID: `${index} ${event.id}` })),
		);
		await nats.close();
	};

	it("has told everybody everything once, and of each conversation once in a window, whatever came twice and in whatever order", async () => {
		const all = rumours({ ...mill, orders: 24, windows: 3, messages: 8, random });
		await publish(all);
		const nodes = cluster.withService("notification");
		let coming: Promise<void> | undefined;
		for (let kill = 0; kill < kills; kill++) {
			await mill.reach(cluster.api, (kill + random()) / (kills + 1), all);
			await coming; // one of the two is there at any time
			const process = nodes[kill % nodes.length]?.process;
			await process?.kill("SIGKILL");
			coming = process?.start();
		}
		await coming;
		assertTold(await mill.inboxes(cluster.api, all), all);
	});
});
