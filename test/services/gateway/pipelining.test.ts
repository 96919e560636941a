import assert from "node:assert/strict";
import { connect } from "node:net";
import { text } from "node:stream/consumers";
import { GatewayNodes, urlOf } from "../../support/gateway-node.ts";
import { shop, shopRoutes } from "../../support/shop.ts";

describe("requests that a client sends without waiting for answers", () => {
	const nodes = new GatewayNodes();
	after(nodes.stopAll);

	it("are answered in their order, whichever was ready first", async () => {
		const node = await nodes.start({ routes: shopRoutes, services: [shop().schema] });
		const authorization = `Bearer ${await node.token("ana")}`;
		const names = ["first", "second", "third", "fourth"];
		const paths = ["/v1/things", "/health/live", "/nowhere", "/v1/things"];
		const requests = paths.map((path, n) => {
			const last = n === paths.length - 1 ? "Connection: close\r\n" : "";
			return `GET ${path} HTTP/1.1\r\nHost: souk\r\nAuthorization: ${authorization}\r\nX-Request-Id: ${names[n]}\r\n${last}\r\n`;
		});
		const socket = connect(Number(new URL(urlOf(node.broker)).port), "127.0.0.1");
		socket.write(requests.join(""));
		const answers = await text(socket);
		assert.deepEqual(
			[...answers.matchAll(/HTTP\/1\.1 (\d+)|X-Request-Id: (\w+)/gi)].map(([, status, id]) => status ?? id),
			["200", "first", "200", "second", "404", "third", "200", "fourth"],
		);
	});
});
