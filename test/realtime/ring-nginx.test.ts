import assert from "node:assert/strict";
import { once } from "node:events";
import { Agent, createServer, request, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { deriveId } from "../../contracts/ids.ts";
import { Ring, type RingName, ringOf } from "../../realtime/ring.ts";
import { type Nginx, startNginx, type Upstreams } from "../support/nginx.ts";
import { needs } from "../support/servers.ts";

/** Answers with the name that nginx has for it. */
const namedServer = async (): Promise<{ server: Server; name: string }> => {
	const server = createServer((_req, res) => res.end(`127.0.0.1:${(server.address() as AddressInfo).port}`));
	server.listen(0, "127.0.0.1");
	await once(server, "listening");
	return { server, name: `127.0.0.1:${(server.address() as AddressInfo).port}` };
};

describe("nginx with edge/nginx.conf and our ring", () => {
	const agent = new Agent({ keepAlive: true, maxSockets: 16 });
	const servers: Server[] = [];
	let nginx: Nginx | undefined;
	let upstreams: Upstreams;

	before(async function () {
		this.timeout(90_000);
		needs(this, "nginx");
		const names: string[] = [];
		for (let count = 0; count < 6; count++) {
			const { server, name } = await namedServer();
			servers.push(server);
			names.push(name);
		}
		upstreams = { chat: names.slice(0, 4), notification: names.slice(2, 5), gateways: names.slice(5) };
		nginx = await startNginx(sorted(upstreams));
	});
	after(async () => {
		await nginx?.stop();
		agent.destroy();
		for (const server of servers) {
			server.closeAllConnections();
			server.close();
		}
	});

	const sorted = ({ chat, notification, gateways }: Upstreams): Upstreams => ({
		chat: [...chat].sort(),
		notification: [...notification].sort(),
		gateways,
	});

	/** Who answers a request for the stream, whose id stands in the URL as it is. */
	const landing = (rawId: string): Promise<string> =>
		new Promise((resolve, reject) => {
			const path = `/socket.io/?EIO=4&stream_id=${rawId}&transport=polling`;
			const req = request({ host: "127.0.0.1", port: nginx?.port, path, agent }, async (res) => {
				const text = (await res.toArray()).join("");
				if (res.statusCode === 200) resolve(text);
				else reject(new Error(`${res.statusCode} for ${rawId}: ${text}`));
			});
			req.once("error", reject).end();
		});

	const expectAll = async (rawIds: readonly string[], rings: Readonly<Record<RingName, Ring>>): Promise<void> => {
		const landed = await Promise.all(rawIds.map((id) => landing(id)));
		const strayed = rawIds.filter((id, index) => landed[index] !== rings[ringOf(id)].owner(id));
		assert.deepEqual(strayed, []);
	};

	const ringsFor = ({ chat, notification }: Upstreams): Record<RingName, Ring> => ({
		chat: Ring.empty.withMembers(chat),
		notification: Ring.empty.withMembers(notification),
	});

	const ids = Array.from({ length: 2_000 }, (_, index) => {
		const id = deriveId("stream", String(index));
		return [`inbox-${id}`, `g-${id}`, id.slice(0, 16), id][index % 4] ?? id;
	});

	it("send 2,000 streams to the same nodes", async () => {
		await expectAll(ids, ringsFor(upstreams));
	});

	it("agree on odd ids as they stand in the URL: escaped, long, in another case", async () => {
		const odd = [
			"%20",
			"%3A",
			"a%3Ab",
			"%69nbox-x",
			"inbox-",
			"Inbox-x",
			"x".repeat(4_000),
			"a+b",
			"a%00b",
			"%zz",
			"inbox-%C3%A9",
		];
		await expectAll(odd, ringsFor(upstreams));
	});

	it("send a request without a stream to any node, which refuses it", async () => {
		assert.ok(upstreams.chat.includes(await landing("")));
	});

	it("send everything but sockets to the gateways", async () => {
		const req = request({ host: "127.0.0.1", port: nginx?.port, path: "/v1/orders?stream_id=a", agent });
		req.end();
		const [res] = (await once(req, "response")) as [import("node:http").IncomingMessage];
		assert.equal((await res.toArray()).join(""), upstreams.gateways[0]);
	});

	it("agree again after a node left, and after it came back", async function () {
		this.timeout(60_000);
		const full = ringsFor(upstreams);
		const stay = upstreams.chat.slice(1);
		const fewer: Upstreams = { ...upstreams, chat: stay };
		const rings = { ...full, chat: full.chat.withMembers(stay) };

		await nginx?.reload(sorted(fewer));
		await expectAll(ids, rings);
		await nginx?.reload(sorted(upstreams));
		await expectAll(ids, { ...rings, chat: rings.chat.withMembers(upstreams.chat) });
	});
});
