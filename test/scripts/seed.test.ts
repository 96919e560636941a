import assert from "node:assert/strict";
import { httpClient, login } from "../support/http.ts";
import { runScript } from "../support/run-script.ts";
import { type Souk, startSouk } from "../support/souk.ts";
import { removeDir, tempDir } from "../support/temp-dir.ts";

describe("npm run seed", () => {
	let dataDir: string;
	let souk: Souk | undefined;
	beforeEach(async () => {
		dataDir = await tempDir("seed");
	});
	afterEach(async () => {
		await souk?.stop();
		souk = undefined;
		await removeDir(dataDir);
	});

	const loginsIn = (output: string): { email: string; password: string }[] =>
		[...output.matchAll(/(\S+@\S+)\s+password: (.+)/g)].map(([, email = "", password = ""]) => ({ email, password }));

	const offersSeenBy = async (url: string, { email, password }: { email: string; password: string }): Promise<string[]> => {
		const api = httpClient(url);
		const { token } = await login(api, email, password);
		const products = await api.get("/v1/products?limit=100", { token });
		return products.body.items.map(({ name }: { name: string }) => name);
	};

	it("puts a buyer and a seller into an instance that runs, once however often it is run", async () => {
		souk = await startSouk({ dataDir });
		const env = { PORT: new URL(souk.url).port };
		assert.equal((await runScript("seed.ts", [], env)).code, 0);
		const { code, output } = await runScript("seed.ts", [], env);
		assert.equal(code, 0, output);
		const [buyer] = loginsIn(output);
		assert.ok(buyer, output);
		const offers = await offersSeenBy(souk.url, buyer);
		assert.equal(offers.filter((name) => name === "Nasi lemak").length, 1);
	});

	it("puts them into the data of an instance that does not run, which has them when it does", async () => {
		// Port 1 is nobody's.
		const { code, output } = await runScript("seed.ts", [], { PORT: "1", DATA_DIR: dataDir, LOG_LEVEL: "error" });
		assert.equal(code, 0, output);
		souk = await startSouk({ dataDir });
		for (const person of loginsIn(output)) assert.ok((await offersSeenBy(souk.url, person)).includes("Teh tarik"), person.email);
	});
});
