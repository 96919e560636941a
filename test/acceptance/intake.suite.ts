import assert from "node:assert/strict";
import { anIntakeDocument } from "../support/an-intake-document.ts";
import { type HttpClient, login } from "../support/http.ts";
import { type Market, openMarket } from "../support/market.ts";
import { all, openLines, sendLines } from "../support/ndjson.ts";
import { admin } from "../support/souk.ts";

const path = "/v1/orders/intake";
const uid = (prefix: string, index: number): string => `${prefix}${String(index).padStart(8, "0")}`;

/** What must hold in both profiles about order documents of other systems. */
export const intake = (api: () => HttpClient): void => {
	let market: Market;
	let token: string;
	before(async () => {
		market = await openMarket(api());
		token = (await login(api(), admin.email, admin.password)).token;
	});

	const post = (body: unknown, headers: Record<string, string> = {}) => api().post(path, body, { token, headers });

	describe("one document", () => {
		it("is taken in, and answered as it came: order of members, unknown ones, long numbers", async () => {
			const document = JSON.stringify(anIntakeDocument("asitcame01", { extra: { b: 1, a: [null] } }));
			const text = document.replace(/}$/, ',"2":0,"1":12345678901234567890.10,"x":"é"}');
			const { status, body } = await post(text, { "content-type": "application/json" });
			assert.deepEqual([status, body], [201, { ok: true, id: "asitcame01" }]);
			const read = await api().get("/order/asitcame01", { token });
			assert.equal(read.status, 200);
			assert.equal(read.headers.get("content-type"), "application/json");
			assert.equal(read.text, text);
		});

		it("is accepted again with the same content, and refused with other content", async () => {
			const document = anIntakeDocument("samecontent1");
			await post(document);
			const turned = Object.fromEntries(Object.entries(document).reverse());
			const again = await post(turned);
			assert.deepEqual([again.status, again.body], [201, { ok: true, id: "samecontent1" }]);
			const other = await post({ ...document, locale: "ru" });
			assert.deepEqual([other.status, other.body.code], [409, "ORDER_EXISTS"]);
			assert.equal((await api().get("/order/samecontent1", { token })).text, JSON.stringify(document));
		});

		it("is refused with every field that is wrong", async () => {
			const { status, body } = await post(anIntakeDocument("short", { locale: "eng", sm_id: 1000, items: [] }));
			assert.equal(status, 400);
			assert.equal(body.code, "VALIDATION");
			const pointers = body.errors.map(({ pointer }: { pointer: string }) => pointer);
			assert.deepEqual(pointers.sort(), ["/items", "/locale", "/order_uid", "/sm_id"]);
		});

		it("is refused if it is no JSON, or of another type", async () => {
			assert.equal((await post("{", { "content-type": "application/json" })).status, 400);
			assert.equal((await post("{}", { "content-type": "text/plain" })).status, 415);
			assert.equal((await post("[]", { "content-type": "application/json" })).status, 400);
			assert.equal((await post("", { "content-type": "application/json" })).status, 400);
		});

		it("is replayed by its Idempotency-Key", async () => {
			const say = { "idempotency-key": "one document" };
			const first = await post(anIntakeDocument("keyed00001"), say);
			assert.equal(first.headers.get("idempotency-replayed"), null);
			const again = await post(anIntakeDocument("keyed00001"), say);
			assert.deepEqual([again.status, again.headers.get("idempotency-replayed")], [201, "true"]);
			assert.equal((await post(anIntakeDocument("keyed00002"), say)).status, 422);
		});
	});

	describe("who may", () => {
		it("lets only admins hand documents in", async () => {
			const say = { token: market.buyer.token };
			assert.equal((await api().post(path, anIntakeDocument("forbidden1"), say)).status, 403);
			assert.equal((await api().post(path, anIntakeDocument("forbidden1"))).status, 401);
			const lines = { ...say, headers: { "content-type": "application/x-ndjson" } };
			assert.equal((await api().post(path, "{}", lines)).status, 403);
		});

		it("shows a document to its customer, and to nobody else", async () => {
			const { id } = (await api().get("/v1/auth/me", { token: market.buyer.token })).body;
			await post(anIntakeDocument("ofthebuyer1", { customer_id: id }));
			assert.equal((await api().get("/order/ofthebuyer1", { token: market.buyer.token })).body.customer_id, id);
			assert.equal((await api().get("/order/ofthebuyer1", { token: market.seller.token })).status, 404);
			assert.equal((await api().get("/order/ofthebuyer1")).status, 401);
			assert.equal((await api().get("/order/nosuchorder", { token })).status, 404);
		});
	});

	describe("many documents as lines", () => {
		const send = (lines: Iterable<string>) => sendLines(api().url, token, lines);

		it("are answered line by line in their order, the refused ones with their problem", async () => {
			const line = (index: number) => {
				const document = anIntakeDocument(uid("inorder", index));
				return JSON.stringify(index % 5 === 0 ? { ...document, items: [] } : document);
			};
			const answers = await send(Array.from({ length: 1_000 }, (_, index) => line(index)));
			assert.equal(answers.length, 1_000);
			for (const [index, answer] of answers.entries()) {
				if (index % 5 > 0) assert.deepEqual(answer, { ok: true, id: uid("inorder", index) });
				else {
					const { ok, problem } = answer;
					assert.deepEqual([ok, problem.code, problem.errors[0].pointer], [false, "VALIDATION", "/items"]);
				}
			}
		});

		it("go on after a line that is too long, is no JSON, is not UTF-8, repeats, or contradicts", async () => {
			const [first, second] = [anIntakeDocument("afterall01"), anIntakeDocument("afterall02")];
			const stream = openLines(api().url, token);
			const lines = ["nope", JSON.stringify(first), "", JSON.stringify(first), JSON.stringify({ ...first, entry: "x" })];
			await stream.send(`${lines.join("\r\n")}\n${"x".repeat(70_000)}\n`);
			await stream.send(`${JSON.stringify({ ...first, order_uid: "toolong001", pad: "x".repeat(65_536) })}\n`);
			await stream.send(new Uint8Array([0x22, 0xff, 0x22, 0x0a]));
			await stream.send(JSON.stringify(second)); // the last one without a newline
			stream.end();
			const answers = await all(stream.answers());
			assert.deepEqual(
				answers.map(({ id, problem }) => id ?? problem.code),
				[
					"VALIDATION",
					"afterall01",
					"afterall01",
					"ORDER_EXISTS",
					"PAYLOAD_TOO_LARGE",
					"PAYLOAD_TOO_LARGE",
					"VALIDATION",
					"afterall02",
				],
			);
		});

		it("answers a line before the next one is sent", async () => {
			const stream = openLines(api().url, token);
			const answers = stream.answers();
			for (const id of ["oneatatime1", "oneatatime2", "oneatatime3"]) {
				await stream.send(`${JSON.stringify(anIntakeDocument(id))}\n`);
				assert.deepEqual((await answers.next()).value, { ok: true, id });
			}
			stream.end();
			assert.equal((await answers.next()).done, true);
			assert.equal((await stream.response).statusCode, 200);
		});

		it("have kept every acknowledged line when the connection drops", async () => {
			const stream = openLines(api().url, token);
			const sending = (async () => {
				for (let index = 0; index < 3_000; index++) {
					await stream.send(`${JSON.stringify(anIntakeDocument(uid("dropped", index)))}\n`);
				}
			})();
			const acknowledged: string[] = [];
			for await (const { id } of stream.answers()) {
				acknowledged.push(id);
				if (acknowledged.length === 500) stream.cut();
			}
			await sending;
			assert.ok(acknowledged.length >= 500);
			for (const id of acknowledged.filter((_, index) => index % 25 === 0 || index > 490)) {
				assert.equal((await api().get(`/order/${id}`, { token })).status, 200, id);
			}
		});

		it("are answered with nothing if there are none", async () => {
			assert.deepEqual(await send([]), []);
		});
	});

	describe("a program with a service key", () => {
		const newKey = async (): Promise<{ id: string; secret: string }> => {
			const made = await api().post("/v1/admin/keys", { name: "warehouse", scopes: ["intake"] }, { token });
			assert.equal(made.status, 201, made.text);
			return made.body;
		};

		it("hands in documents and reads them, and may do nothing else", async () => {
			const headers = { "x-api-key": (await newKey()).secret };
			const document = anIntakeDocument("fromaprogram1");
			const one = await api().post(path, document, { headers });
			assert.deepEqual([one.status, one.body], [201, { ok: true, id: "fromaprogram1" }]);
			const lines = { ...headers, "content-type": "application/x-ndjson" };
			const many = await api().post(path, `${JSON.stringify(document)}\n{}\n`, { headers: lines });
			assert.deepEqual(
				many.text
					.trim()
					.split("\n")
					.map((line) => JSON.parse(line).ok),
				[true, false],
			);
			assert.equal((await api().get("/order/fromaprogram1", { headers })).text, JSON.stringify(document));
			const order = await api().post("/v1/orders", { items: [{ productId: "1", quantity: 1 }] }, { headers });
			assert.deepEqual([order.status, order.body.code], [403, "FORBIDDEN"]);
		});

		it("is turned away once its key is revoked", async () => {
			const { id, secret } = await newKey();
			const headers = { "x-api-key": secret };
			assert.equal((await api().post(path, anIntakeDocument("beforerevoke1"), { headers })).status, 201);
			assert.equal((await api().delete(`/v1/admin/keys/${id}`, { token })).status, 204);
			const refused = await api().post(path, anIntakeDocument("afterrevoke01"), { headers });
			assert.deepEqual([refused.status, refused.body.code], [401, "UNAUTHORIZED"]);
		});
	});
};
