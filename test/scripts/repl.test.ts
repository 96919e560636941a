import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { rm, writeFile } from "node:fs/promises";
import { hostname, userInfo } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { commands } from "../../scripts/repl/souk.ts";
import type { Json } from "../support/announced.ts";
import { type HttpClient, httpClient, login, type Say } from "../support/http.ts";
import { password, type Someone, signInAgain, signUp } from "../support/market.ts";
import { Prompt } from "../support/prompt.ts";
import { needsCommand } from "../support/servers.ts";
import { admin, testSettings } from "../support/settings.ts";
import { openSocket, untilGone } from "../support/socket-client.ts";
import { SoukProcess } from "../support/souk-process.ts";
import { removeDir, tempDir } from "../support/temp-dir.ts";
import { until } from "../support/until.ts";

const me = `repl:${userInfo().username}@${hostname()}`;
const preload = fileURLToPath(new URL("../support/fixtures/sulky.ts", import.meta.url));

describe("operators' commands at the prompt of a Souk in one process", function () {
	this.timeout(40_000);
	let dataDir: string;
	let node: SoukProcess;
	let prompt: Prompt;
	let api: HttpClient;
	let operator: Say;
	let ann: Someone;

	const sulk = (name: "sulk" | "die" | "slow", yes: boolean): Promise<void> =>
		yes ? writeFile(join(dataDir, name), "") : rm(join(dataDir, name), { force: true });
	const arrive = async (): Promise<void> => {
		api = httpClient(node.url);
		operator = { token: (await login(api, admin.email, admin.password)).token };
	};
	const newest = async (query = ""): Promise<Json> => (await api.get(`/v1/admin/audit?limit=1&${query}`, operator)).body.items[0]; // biome-ignore format: one line

	before(async () => {
		dataDir = await tempDir("repl");
		const env = { ...testSettings, LOG_LEVEL: "warn", DATA_DIR: dataDir, NODE_OPTIONS: `--import ${preload}` };
		node = new SoukProcess(env, "scripts/start.js", ["--repl"], "pipe");
		await node.start();
		prompt = new Prompt(node);
		await arrive();
		ann = await signUp(api, "buyer");
	});
	after(async () => {
		await node?.kill();
		await removeDir(dataDir);
	});

	it("are listed by `souk help`, and each tells what it takes", async () => {
		const all = await prompt.says("help");
		for (const { name, summary, words, options = {} } of commands) {
			assert.match(all, new RegExp(`souk ${name} .*${summary.slice(0, 20)}`), name);
			for (const help of [await prompt.says(`${name} --help`), await prompt.says(`help ${name}`)]) {
				for (const part of [`souk ${name}`, summary, ...words.map((word) => word.replace(/[[\]]/g, "")), "--json", "--help"])
					assert.ok(help.includes(part), `${name}: ${help}`);
				for (const option of Object.keys(options)) assert.ok(help.includes(`--${option}`), `${name}: ${help}`);
			}
		}
		assert.equal((await prompt.says("--help")).trim(), all.trim());
	});

	it("tell what the routes of administrators tell", async () => {
		const { streamId } = (await api.post("/v1/conversations", { memberIds: [(await signUp(api, "seller")).id] }, { token: ann.token })).body; // biome-ignore format: one line
		const socket = await openSocket(node.url, streamId, ann.token);
		await until("the connection", () => prompt.json(`connections --user ${ann.email} --live`), ({ items }) => items.length === 1); // biome-ignore format: one line
		for (const [line, path] of [
			["ring", "ring"],
			[`stream ${streamId}`, `streams/${streamId}`],
			["streams", "streams"],
			[`connections --user ${ann.email}`, `connections?user=${ann.id}`],
			[`inbox ${ann.email}`, `inboxes/${ann.id}`],
			["outboxes", "outboxes"],
			["users Ann --limit 5", "users?q=Ann&limit=5"],
			[`mails --user ${ann.id}`, `mails?userId=${ann.id}`],
			["dead-letters --group none", "dead-letters?group=none"],
			["audit --action auth.updateUser --limit 2", "audit?action=auth.updateUser&limit=2"],
		] as const) {
			const told = await prompt.json(line);
			const { status, body } = await api.get(`/v1/admin/${path}`, operator);
			assert.deepEqual([status, told], [200, body], line);
		}
		const [{ id }] = (await prompt.json("nodes")).items;
		assert.deepEqual((await prompt.json(`owner ${streamId}`)).owner.node, id);
		assert.match(await prompt.says(`connections --user ${ann.id}`), new RegExp(`USER +STREAM.*\n${ann.id} +${streamId} +${id}`));
		assert.match(await prompt.says("dead-letters"), /\(none\)/);
		socket.close();
	});

	it("end the sockets of a user who is suspended, and let them in again", async () => {
		const socket = await openSocket(node.url, `inbox-${ann.id}`, ann.token);
		const gone = untilGone(socket);
		assert.match(await prompt.says(`suspend ${ann.email}`), new RegExp(`id +${ann.id}\n[\\s\\S]*suspended +true`));
		await gone;
		assert.equal((await api.post("/v1/auth/login", { email: ann.email, password })).body.code, "BAD_CREDENTIALS");
		const { actor, action, target, details, outcome, address } = await newest();
		assert.deepEqual(
			[actor, action, target, details, outcome, address],
			[{ id: me, via: "repl" }, "auth.updateUser", ann.id, { suspended: true }, "done", ""],
		);
		assert.equal((await prompt.json(`unsuspend ${ann.id}`)).suspended, false);
		await signInAgain(api, ann);
		assert.deepEqual((await newest()).details, { suspended: false });
	});

	it("hand a dead letter to its group again, or drop it", async () => {
		await sulk("sulk", true);
		await Promise.all([signUp(api, "buyer"), signUp(api, "buyer")]);
		const letters = async (): Promise<Json[]> => (await prompt.json("dead-letters --group sulky")).items;
		const [first, second] = await until("the dead letters", letters, ({ length }) => length === 2); // biome-ignore format: one line
		assert.match(await prompt.says(`dead-letter ${first.id}`), /it does not want to[\s\S]*"type": "user\.registered"/);
		await sulk("sulk", false);
		assert.equal((await prompt.json(`retry ${first.id}`)).id, first.id);
		assert.deepEqual((await newest()).action, "gateway.retryDeadLetter");
		assert.equal((await prompt.json(`drop ${second.id}`)).id, second.id);
		const { action, target, actor, outcome, was } = await newest();
		assert.deepEqual([action, target, actor.id, outcome], ["gateway.dropDeadLetter", second.id, me, "done"]);
		const { group, subject, entity, eventId } = second;
		assert.deepEqual(was, { group, subject, entity, eventId });
		assert.deepEqual(await letters(), []);
	});

	it("send a mail again", async () => {
		const [mail] = (await prompt.json(`mails --user ${ann.id}`)).items;
		const refused = await prompt.json(`retry-mail ${mail.id}`);
		assert.equal(refused.error.code, "TRANSITION_REFUSED"); // it was sent
		const { action, target, outcome, code } = await newest();
		assert.deepEqual([action, target, outcome, code], ["email.retryMail", mail.id, "refused", "TRANSITION_REFUSED"]);
	});

	it("are refused in words, without a stack", async () => {
		const [{ id }] = (await prompt.json("nodes")).items;
		for (const [line, expected] of [
			[`drain ${id}`, /TRANSITION_REFUSED: There is no other node that could take its streams/],
			["drain none", /NOT_FOUND: /],
			["drain", /USAGE: Usage: souk drain <node>/],
			["drop none", /NOT_FOUND: /],
			["inbox nobody@nowhere.example", /NOT_FOUND: Nobody has this e-mail address/],
			["stream none", /NOT_FOUND: /],
			["mails --status lost", /VALIDATION: .*status must be one of/],
			["streams --limit 1000", /USAGE: --limit is a number from 1 to 100/],
			["streams --cursor none", /VALIDATION: .*cursor/],
			["ring --all", /USAGE: Unknown option '--all'/],
			["rung", /USAGE: There is no command rung/],
			[`suspend ${admin.email}`, /TRANSITION_REFUSED: The last active admin stays one/],
		] as const) {
			const said = await prompt.says(line);
			assert.match(said, expected);
			assert.doesNotMatch(said, /\n\s+at /, line);
		}
		assert.deepEqual(await prompt.json("drop none"), { error: { code: "NOT_FOUND", detail: "There is no such thing" } });
	});

	it("are the only way to change something there: an action called by its name has nobody behind it", async () => {
		node.type(`call auth.updateUser --id ${ann.id} --suspended true\n`);
		await until("the refusal", async () => node.logs.slice(-4_000), (logs) => logs.includes("Sign in first")); // biome-ignore format: one line
		assert.equal((await api.get("/v1/auth/me", { token: ann.token })).status, 200);
	});

	it("ask first where there is somebody to ask", async function () {
		needsCommand(this, "script");
		const dir = await tempDir("repl-terminal");
		// `script` gives it a terminal of its own.
		const command = `${process.execPath} ${fileURLToPath(new URL("../../scripts/start.js", import.meta.url))} --repl`;
		const env = {
			...process.env,
			...testSettings,
			DATA_DIR: dir,
			PORT: "0",
			HOST: "127.0.0.1",
			TERM: "dumb",
			NODE_NO_READLINE: "0",
		};
		const child = spawn("script", ["-qec", command, "/dev/null"], { env, stdio: ["pipe", "pipe", "inherit"] });
		let said = "";
		child.stdout.on("data", (chunk: Buffer) => {
			said += chunk.toString();
		});
		const sees = (pattern: RegExp) => until(String(pattern), async () => said, (text) => pattern.test(text)); // biome-ignore format: one line
		await sees(/souk \$/);
		for (const [answer, expected] of [
			["no", /Nothing was done\./],
			["yes", /NOT_FOUND: There is no such thing/],
		] as const) {
			said = "";
			child.stdin.write("souk drop none\r");
			await sees(/The event of dead letter none is lost to its group\. Go on\? \(yes\/no\)/);
			child.stdin.write(`${answer}\r`);
			await sees(expected);
		}
		said = "";
		child.stdin.write("souk drop none --yes\r");
		await sees(/NOT_FOUND/);
		child.stdin.write("exit\r");
		await new Promise((resolve) => child.once("exit", resolve));
		await removeDir(dir);
	});

	it("leave an entry that was begun where the process died before its end was written", async () => {
		await sulk("die", true);
		const bob = await signUp(api, "buyer");
		node.type(`souk suspend ${bob.id}\n`);
		await node.exited();
		await sulk("die", false);
		await node.restart();
		await arrive();
		const { outcome, endedAt, actor, details } = await newest(`target=${bob.id}`);
		assert.deepEqual([outcome, endedAt, actor.id, details], ["begun", undefined, me, { suspended: true }]);
		assert.equal((await api.post("/v1/auth/login", { email: bob.email, password })).body.code, "BAD_CREDENTIALS"); // it may have been done
	});

	it("are all done before the end of what is piped in ends the process, which drains", async () => {
		const from = node.logs.length;
		await sulk("slow", true);
		const often = `souk suspend ${ann.id}\nsouk unsuspend ${ann.id}\n`.repeat(3);
		node.type(`${often}souk audit --target ${ann.id} --limit 6 --json\n`);
		node.type(null);
		assert.deepEqual(await node.exited(), { code: 0, signal: null });
		const line = node.logs.slice(from).split("\n").find((part) => part.includes('{"items"')); // biome-ignore format: one line
		const { items } = JSON.parse(line?.slice(line.indexOf("{")) ?? "{}");
		const expected = Array.from({ length: 6 }, (_, index) => [index % 2 === 1, "done"]);
		assert.deepEqual(items.map(({ details, outcome }: Json) => [details.suspended, outcome]), expected); // biome-ignore format: one line
	});
});

describe("a prompt that is to join a cluster", () => {
	it("says what is missing where there is none", async () => {
		const node = new SoukProcess({}, "scripts/start.js", ["--repl", "--attach"]);
		node.spawn();
		assert.deepEqual(await node.exited(), { code: 1, signal: null });
		assert.match(node.logs, /^Souk could not start: --attach joins a running cluster, and TRANSPORTER does not say where it is/m);
		assert.doesNotMatch(node.logs, /\n\s+at /);
		const alone = new SoukProcess({}, "scripts/start.js", ["--attach"]);
		alone.spawn();
		assert.equal((await alone.exited()).code, 64);
	});
});
