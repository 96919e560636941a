import assert from "node:assert/strict";
import fc from "fast-check";
import type { ServiceSchema } from "moleculer";
import ApiGateway from "moleculer-web";
import { routes } from "../../contracts/http/index.ts";
import { aliasFinder, type Found, type Mounted } from "../../mixins/rest/find-alias.ts";
import { Brokers } from "../support/brokers.ts";

// mixins/rest finds aliases in its own, faster way. What it finds has to be what moleculer-web would have found.

interface Web {
	aliases: Mounted[];
	resolveAlias(path: string, method: string): Found<Mounted> | false;
}

const nothing = () => undefined;

describe("finding an alias", () => {
	const brokers = new Brokers();
	after(brokers.stopAll);

	const mount = async (names: readonly string[]): Promise<Web> => {
		const settings = {
			server: false,
			routes: [
				{
					path: "/",
					pathToRegexpOptions: { sensitive: true },
					aliases: Object.fromEntries(names.map((name) => [name, nothing])),
				},
			],
		};
		const broker = await brokers.start({}, { name: "web", mixins: [ApiGateway], settings } as unknown as ServiceSchema);
		return broker.getLocalService("web") as unknown as Web;
	};

	/** Answers how many of the paths are mounted, so that a test cannot agree about nothing. */
	const agree = ({ aliases, resolveAlias }: Web, requests: readonly (readonly [string, string])[]): number => {
		const find = aliasFinder(aliases);
		let found = 0;
		for (const [method, path] of requests) {
			const ours = find(method, path);
			if (ours === null) continue;
			found++;
			const theirs = resolveAlias(path, method);
			assert.ok(theirs, `${method} ${path}`);
			assert.equal(ours.alias, theirs.alias, `${method} ${path}`);
			assert.deepEqual(ours.params, theirs.params, `${method} ${path}`);
		}
		return found;
	};

	it("finds every path of the API, as moleculer-web does", async () => {
		const web = await mount(routes.map(({ method, path }) => `${method} ${path}`));
		const requests = routes.map(({ method, path }) => [method, path.replace(/:\w+/g, "abc-1.2_x")] as const);
		assert.equal(agree(web, requests), routes.length);
	});

	it("decides between paths that overlap as moleculer-web does", async () => {
		const overlapping = ["/a/:id", "/a/b", "/:x/b", "/:x/:y", "/a/:x/c", "/:x/b/c", "/a/:x/:y", "/:x/:y/c", "/a/b/c", "/", "/A"];
		const web = await mount(["GET", "POST"].flatMap((method) => overlapping.map((path) => `${method} ${path}`)));
		const segment = fc.constantFrom("a", "b", "c", "A", "x", "", "%61", "a%2Fb", ":x", "a.b", "~", "é");
		const path = fc.array(segment, { maxLength: 4 }).map((segments) => `/${segments.join("/")}`);
		const request = fc.tuple(fc.constantFrom("GET", "POST", "PUT"), path);
		let found = 0;
		fc.assert(
			fc.property(request, (one) => {
				found += agree(web, [one]);
			}),
			{ numRuns: 2_000 },
		);
		assert.ok(found > 100, `${found} of 2,000`);
	});

	it("refuses a table with paths that are more than names and parameters", async () => {
		for (const path of ["/a/*rest", "/a{/:b}", "/a-:b", "/(a)"]) {
			assert.throws(() => aliasFinder([{ method: "GET", fullPath: path }]), /made of more than/, path);
		}
	});
});
