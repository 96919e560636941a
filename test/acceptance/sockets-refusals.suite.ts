import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import type { HttpClient } from "../support/http.ts";
import { type LiveSocket, LiveSockets } from "../support/live-socket.ts";
import { type Someone, signUp } from "../support/market.ts";
import { closeRaw, RawPolling, RawSocket } from "../support/raw-socket.ts";
import { openSocket } from "../support/socket-client.ts";
import { until } from "../support/until.ts";

/** Is in `CORS_ORIGINS`. */
export const listedOrigin = "https://shop.example";
/** `PUBLIC_URL`, which a proxy may have under another name than it passes on. */
export const publicUrl = "http://souk.example:8080";

/** What sockets refuse, and that whoever goes on meanwhile notices nothing. */
export const socketRefusals = (api: () => HttpClient): void => {
	let [ann, bob, eve]: Someone[] = [];
	let stream: string;
	let witness: LiveSocket;
	const sockets = new LiveSockets(() => api().url);
	const raw: RawSocket[] = [];
	const annToken = (): string => ann?.token ?? "";
	const query = (): string => `stream_id=${stream}`;
	const rawSocket = (text = query()): RawSocket => {
		const socket = new RawSocket(api().url, text);
		raw.push(socket);
		return socket;
	};
	const join = (token = annToken(), more: object = {}): Promise<LiveSocket> => sockets.dial({ stream, token, ...more }).ready();

	before(async () => {
		[ann, bob, eve] = await Promise.all(["buyer", "seller", "buyer"].map((role) => signUp(api(), role as "buyer")));
		stream = (await api().post("/v1/conversations", { memberIds: [bob?.id] }, { token: annToken() })).body.streamId;
		witness = await new LiveSockets(() => api().url).dial({ stream, token: bob?.token ?? "" }).ready();
	});
	after(() => witness?.close());
	afterEach(async () => {
		sockets.closeAll();
		await closeRaw(raw.splice(0));
		// Whatever was done to others: this one still is where it was, posts, and hears itself.
		const text = randomUUID();
		const answer = await witness.ask("post", { id: text, text });
		assert.ok(answer.ok, JSON.stringify(answer));
		const last = await until("its own message", async () => witness.entries.at(-1)?.body, (body) => JSON.stringify(body) === JSON.stringify({ text })); // biome-ignore format: one line
		assert.deepEqual(last, { text });
	});

	it("whoever has no good token is told so", async () => {
		const [head, body = "", signature] = annToken().split(".");
		const claims = JSON.parse(Buffer.from(body, "base64url").toString()) as object;
		const forged = Buffer.from(JSON.stringify({ ...claims, sub: eve?.id })).toString("base64url");
		const none = Buffer.from(JSON.stringify({ alg: "none", typ: "at+jwt" })).toString("base64url");
		const bad: unknown[] = [undefined, "", "garbage", 7, null, {}, [], true, "x".repeat(100_000), `${head}.${forged}.${signature}`, `${none}.${body}.`]; // biome-ignore format: one line
		for (const token of bad) assert.equal(await sockets.dial({ stream, auth: { token } }).refusal(), "UNAUTHORIZED", String(token).slice(0, 40)); // biome-ignore format: one line
	});

	it("another's stream is not there", async () => {
		const token = eve?.token ?? "";
		for (const id of [stream, "0123456789abcdef", "g-none", "__proto__", "constructor"]) assert.equal(await sockets.dial({ stream: id, token }).refusal(), "NOT_FOUND", id); // biome-ignore format: one line
	});

	it("pages of elsewhere may not connect, only those from here and of the list; who is no page may", async () => {
		const { url } = api();
		const here = new URL(url).host;
		const token = annToken();
		for (const transport of ["websocket", "polling"] as const) {
			const from = (origin: string, more = {}) => openSocket(url, stream, token, { transports: [transport], extraHeaders: { origin, ...more } }); // biome-ignore format: one line
			for (const origin of [`http://${here}`, `https://${here}`, listedOrigin, publicUrl]) (await from(origin)).close();
			for (const origin of [
				"https://evil.example",
				"null",
				`http://${here}.evil.example`,
				`${listedOrigin}:81`,
				`http://evil.example/${here}`,
				"about:blank",
				"",
			]) {
				// biome-ignore format: one line
				const { description } = await from(origin).then(() => assert.fail(`${origin} was let in over ${transport}`), (error) => error); // biome-ignore format: one line
				assert.match(String(description?.message ?? description), /403/, `${origin} over ${transport}`);
			}
			await assert.rejects(from("https://evil.example", { "souk-hop": "no key of a node" }));
		}
		const { status, body } = await api().get(`/socket.io/?EIO=4&transport=polling&${query()}`, { headers: { origin: "https://evil.example" } }); // biome-ignore format: one line
		assert.deepEqual([status, body.code], [403, "FORBIDDEN"]);
	});

	it("a stream has to be named, once and well", async () => {
		for (const id of [undefined, "", "a b", "ü", "x".repeat(65), "a/b", "a,b", "a\0"]) assert.equal(await sockets.dial({ token: annToken(), ...(id !== undefined && { stream: id }) }).refusal(), "STREAM_REQUIRED", id); // biome-ignore format: one line
		for (const text of [
			`stream_id=${stream}&stream_id=${stream}`,
			`stream_id[]=${stream}`,
			`stream_id[a]=${stream}`,
			`Stream_Id=${stream}`,
		]) {
			const socket = await rawSocket(text).open();
			socket.say(`40/chat,${JSON.stringify({ token: annToken() })}`);
			assert.match(await socket.hears("44/chat,"), /STREAM_REQUIRED/, text);
		}
	});

	it("a position that cannot be is refused by name", async () => {
		for (const [pointer, auth] of [
			["/after", { after: -1 }],
			["/after", { after: 1.5 }],
			["/after", { after: "1" }],
			["/after", { after: 2 ** 53 }],
			["/lastId", { after: 1, lastId: "" }],
			["/lastId", { lastId: {} }],
			["/last", { last: 201 }],
			["/last", { last: null }],
		] as const) {
			// biome-ignore format: one line
			const error = await sockets.dial({ stream, token: annToken(), auth }).greeting().then(() => null, (refusal) => refusal.data); // biome-ignore format: one line
			assert.equal(error?.code, "VALIDATION");
			assert.deepEqual(error.errors.map(({ pointer: at }: { pointer: string }) => at), [pointer], JSON.stringify(auth)); // biome-ignore format: one line
		}
	});

	it("only the namespaces that there are can be joined, and nowhere does a socket call an action", async () => {
		assert.equal(await sockets.dial({ stream, token: annToken(), namespace: "/" }).refusal(), "STREAM_REQUIRED");
		for (const namespace of ["/admin", "/io", "/__proto__", "/chat/"]) assert.equal(await sockets.dial({ stream, token: annToken(), namespace }).refusal(), null, namespace); // biome-ignore format: one line
		for (const namespace of ["", "/admin,", "/chat,"]) {
			const socket = await rawSocket().open();
			if (namespace === "/chat,") {
				socket.say(`40/chat,${JSON.stringify({ token: annToken() })}`);
				await socket.hears('42/chat,["ready"');
			}
			socket.say(`42${namespace}0["call","$node.list"]`);
			socket.say(`42${namespace}1["call",{"action":"$node.list"},{}]`);
			socket.say(`42${namespace}2["call","chat.list",{}]`);
			if (namespace === "/chat,") {
				socket.say('42/chat,3["history",{"before":1}]');
				await socket.hears("43/chat,3[");
			} else await socket.ended();
			assert.deepEqual(socket.heard.filter((packet) => /^43.*?,?[012]\[/.test(packet)), []); // biome-ignore format: one line
		}
	});

	it("one connection follows one stream, however often it asks at once", async () => {
		const socket = await rawSocket().open();
		for (let i = 0; i < 5; i += 1) socket.say(`40/chat,${JSON.stringify({ token: annToken() })}`);
		// Those that come after it has joined end the connection.
		const answers = async () => socket.heard.filter((packet) => /^4[04]\/chat,/.test(packet)).length;
		await until("five answers, or the end", answers, (count) => count === 5 || !socket.live);
		assert.equal(socket.heard.filter((packet) => packet.startsWith("40/chat,")).length, 1);
		const refusals = socket.heard.filter((packet) => packet.startsWith("44/chat,"));
		for (const refusal of refusals) assert.match(refusal, /WRONG_STREAM.*forceNew/);
	});

	it("a connection that has left its stream, or talks without joining one, is ended", async () => {
		const left = await rawSocket().join(annToken());
		left.say("41/chat,");
		await left.ended();
		const talker = await rawSocket().open();
		for (let i = 0; i < 30; i += 1) talker.say("40/admin,");
		await talker.ended();
		assert.ok(talker.heard.filter((packet) => packet.startsWith("44/admin,")).length <= 10);
	});

	it("a connection that joins nothing is ended after ten seconds", async () => {
		const socket = await rawSocket().open();
		const polling = await new RawPolling(api().url, query()).open();
		await socket.ended();
		assert.deepEqual(socket.heard.slice(1), []);
		const last = (await (await polling.poll()).text()).split("\u001e");
		assert.equal(last.at(-1), "1"); // a noop may come before it
	});

	it("messages that are not as they should be are refused with a pointer, and change nothing", async () => {
		const socket = await join();
		const long = "👍".repeat(16_001);
		const wrong: [event: string, message: unknown, pointer: string][] = [
			["post", undefined, ""], ["post", null, ""], ["post", "text", ""], ["post", 1, ""], ["post", [], ""], ["post", Buffer.from("abc"), ""],
			["post", {}, "/id"], ["post", { id: "a" }, "/text"], ["post", { id: "", text: "a" }, "/id"], ["post", { id: "a b", text: "a" }, "/id"],
			["post", { id: "x".repeat(65), text: "a" }, "/id"], ["post", { id: {}, text: "a" }, "/id"], ["post", { id: "a", text: "" }, "/text"],
			["post", { id: "a", text: "x".repeat(16_001) }, "/text"], ["post", { id: "a", text: long }, "/text"], ["post", { id: "a", text: ["a"] }, "/text"],
			["post", { id: "a", text: Buffer.from("abc") }, "/text"], ["post", { id: "a", text: "\ud83d" }, "/text"], ["post", { id: "a", text: { toString: "x" } }, "/text"],
			["amend", { id: "a", target: "b" }, "/text"], ["amend", { id: "a", target: 1, text: null }, "/target"], ["amend", { id: "a", target: "b", text: long }, "/text"],
			["read", {}, "/seq"], ["read", { seq: 0 }, "/seq"], ["read", { seq: "1" }, "/seq"], ["read", { seq: 1e300 }, "/seq"], ["read", { seq: null }, "/seq"],
			["delivered", { seq: -1 }, "/seq"], ["delivered", { seq: 0.5 }, "/seq"], ["history", {}, "/before"], ["history", { before: 0 }, "/before"],
			["history", { before: 1, limit: 0 }, "/limit"], ["history", { before: 1, limit: 201 }, "/limit"], ["history", { before: 1, limit: "9" }, "/limit"],
			["refresh", {}, "/token"], ["refresh", { token: 1 }, "/token"], ["refresh", { token: "x".repeat(9_000) }, "/token"],
		]; // biome-ignore format: a table
		for (const [event, message, pointer] of wrong) {
			const answer = await socket.ask(event, message);
			assert.ok(!answer.ok, `${event} ${JSON.stringify(message)?.slice(0, 80)}`);
			assert.equal(answer.problem.code, "VALIDATION", `${event} ${JSON.stringify(message)?.slice(0, 80)}`);
			assert.ok(answer.problem.errors?.some(({ pointer: at }) => at === pointer), JSON.stringify([event, answer.problem.errors])); // biome-ignore format: one line
		}
		assert.equal(await socket.refusalOf("post"), "VALIDATION"); // an ack where the payload should be
		const { seq } = await join().then((other) => other.greeting());
		assert.equal(seq, witness.entries.at(-1)?.seq ?? 0);
	});

	it("a text has 16,000 characters, whatever they take", async () => {
		const socket = await join();
		for (const text of ["x".repeat(16_000), "👍".repeat(16_000), "\u0001".repeat(16_000)]) assert.equal(await socket.refusalOf("post", { id: randomUUID(), text }), null); // biome-ignore format: one line
	});

	it("what may be said without an ack is, and events that nobody knows are not answered", async () => {
		const socket = await join();
		const id = randomUUID();
		socket.socket.emit("post", { id, text: "no ack" });
		socket.socket.emit("post", { id: 1 });
		socket.socket.emit("read", null);
		for (const event of ["", "call", "broadcast", "error", "constructor", "__proto__", "toString", "hasOwnProperty", "ready", "entries", "x".repeat(1_000)]) socket.socket.emit(event, { message: "boo" }); // biome-ignore format: one line
		const unheard = await rawSocket().join(annToken());
		for (const packet of ['42/chat,[7,{"a":1}]', '42/chat,7["typing",{}]', '42/chat,8["call","auth.jwks"]']) unheard.say(packet);
		unheard.say('42/chat,9["history",{"before":1}]');
		await unheard.hears("43/chat,9[");
		assert.deepEqual(unheard.heard.filter((packet) => /^43\/chat,[78]\[/.test(packet)), []); // biome-ignore format: one line
		const answer = await socket.ask("post", { id, text: "no ack" });
		assert.ok(answer.ok);
		assert.equal(witness.entries.find((entry) => entry.id === id)?.seq, answer.seq);
	});

	it("payloads that reach for prototypes are taken for what they say, and no more", async () => {
		const socket = await rawSocket().join(annToken());
		const evil = '"__proto__":{"polluted":1,"id":"x","text":"y"},"constructor":{"prototype":{"polluted":1}}';
		socket.say(`42/chat,0["post",{${evil}}]`);
		assert.match(await socket.hears("43/chat,0["), /VALIDATION/);
		const id = randomUUID();
		socket.say(`42/chat,1["post",{"id":"${id}","text":"mine","from":"${bob?.id}","seq":1,"type":"member.left",${evil}}]`);
		assert.match(await socket.hears("43/chat,1["), /"ok":true/);
		const entry = await until("the message", async () => witness.entries.find((one) => one.id === id), Boolean);
		assert.deepEqual(Object.keys(entry ?? {}).sort(), ["at", "body", "from", "id", "seq", "stream", "type"]);
		assert.deepEqual([entry?.from, entry?.type, entry?.body], [ann?.id, "message.posted", { text: "mine" }]);
		socket.say(`42/chat,2["history",{"before":1,"__proto__":{"limit":0}}]`);
		assert.match(await socket.hears("43/chat,2["), /"ok":true/);
		const joining = await rawSocket().open();
		joining.say(`40/chat,{"token":"${annToken()}","__proto__":{"after":-1},"pid":"x","offset":"0"}`);
		await joining.hears('42/chat,["ready"');
	});

	it("a message of a megabyte ends its connection and nobody else's", async () => {
		const socket = await rawSocket().join(annToken());
		socket.say(`42/chat,0["post",{"id":"a","text":"${"x".repeat(1024 * 1024)}"}]`);
		await socket.ended();
		const polling = await new RawPolling(api().url, query()).join(annToken());
		const answer = await polling.say(`42/chat,0["post",{"id":"a","text":"${"x".repeat(1024 * 1024)}"}]`).catch(() => null);
		assert.ok(answer === null || answer.status === 413, `${answer?.status}`);
	});

	it("packets that are none end their own connection at most", async () => {
		const texts = ["", "x", "9", "4", "40", "42", "4\u0000", "2", "3probe", "5", "6", "0{}", "1", "42/chat", "42/chat,", "42/chat,[", '42/chat,["post"', "42/chat,{}", '42/chat,"post"', '42/chat,99999999999999999999["read",{"seq":1}]', '42/chat,-1["read",{"seq":1}]', "40/chat,[]", '40/chat,"x"', "43/chat,0[]", "44/chat,{}", "45", '451-/chat,["post",{"_placeholder":true,"num":0}]', '45999999-/chat,["post",{"_placeholder":true,"num":0}]', '451-/chat,["post",{"_placeholder":true,"num":9}]', `42/${"a".repeat(10_000)},[]`, '42/chat,["disconnect"]', '42/chat,["disconnecting","x"]', '42/chat,["connect_error",{}]', '42/chat,["newListener","x"]', "4".repeat(1_000), `42/chat,${"[".repeat(20_000)}`]; // biome-ignore format: a table
		for (const text of texts) {
			const fresh = await rawSocket().open();
			fresh.say(text);
			fresh.say(text);
			const joined = await rawSocket().join(annToken());
			joined.say(text);
			joined.say(new Uint8Array([4, 0, 255, 254]));
			joined.say(new Uint8Array());
			await closeRaw(raw.splice(0));
		}
		for (const text of [...texts, "42/chat,\u001e\u001e", "\u001e".repeat(1_000)]) {
			const polling = await new RawPolling(api().url, query()).open();
			assert.ok((await polling.say(text)).status < 500, text.slice(0, 40));
		}
	});

	it("requests that are none of engine.io's are refused", async () => {
		const polling = await new RawPolling(api().url, query()).open();
		const base = `${api().url}/socket.io/`;
		const sid = `sid=${polling.sid}`;
		for (const [method, text] of [
			["GET", ""],
			["GET", "?EIO=4"],
			["GET", "?EIO=4&transport=carrier-pigeon"],
			["GET", `?EIO=3&transport=polling&${query()}`],
			["GET", `?EIO=4&transport=polling&sid=none&${query()}`],
			["GET", `?EIO=4&transport=polling&sid=__proto__&${query()}`],
			["POST", `?EIO=4&transport=polling&${query()}`],
			["PUT", `?EIO=4&transport=polling&${query()}`],
			["GET", `?EIO=4&transport=websocket&${query()}`],
			["DELETE", `?EIO=4&transport=polling&${query()}`],
		] as const) {
			// biome-ignore format: one line
			const { status } = await fetch(base + text, { method, ...(method === "POST" && { body: "4" }) });
			assert.ok(status >= 400 && status < 500, `${method} ${text}: ${status}`);
		}
		// Two polls at once: the session ends, its process does not.
		const statuses = await Promise.all([1, 2].map(() => fetch(`${base}?EIO=4&transport=polling&${sid}&${query()}`).then(({ status }) => status, () => 0))); // biome-ignore format: one line
		assert.ok(statuses.includes(400), `${statuses}`);
		assert.equal((await polling.say("x", { "content-type": "application/octet-stream" })).status, 400);
	});
};
