import assert from "node:assert/strict";
import { DomainError } from "../../../contracts/errors.ts";
import type { Link } from "../../../services/auth/links.adapter.ts";
import { logNameOf } from "../../../services/auth/log-name.ts";
import { type AuthNode, password, startAuthNode } from "../../support/auth-node.ts";
import { refused } from "../../support/refused.ts";
import { removeDir, tempDir } from "../../support/temp-dir.ts";
import { until } from "../../support/until.ts";

const next = "another good password";

describe("what auth leaves in the log for whoever looks into an incident", () => {
	let node: AuthNode;
	let dataDir: string;
	const lines: string[] = [];
	before(async () => {
		dataDir = await tempDir("security-log");
		node = await startAuthNode({ kind: "embedded", dataDir });
		node.service.logger.info = (...said: unknown[]) => void lines.push(said.join(" "));
	});
	after(async () => {
		await node?.stop();
		await removeDir(dataDir);
	});

	it("is who came, who was refused, and what was changed, by id and from where; and no secret of anybody", async () => {
		const address = "203.0.113.9";
		const { id, email } = await node.register({}, { address });
		const ana = { ...(await node.login(email, { address })), email };
		await refused(node.login(email, { address, password: "a wrong one" }), "BAD_CREDENTIALS");
		await refused(node.login("nobody@example.com", { address }), "BAD_CREDENTIALS");
		await refused(node.call("changePassword", { current: "a wrong one", next }, ana.from), "BAD_CREDENTIALS");
		await node.call("requestPasswordReset", { email }, { address });
		const asked = async () => (await node.service.store.users.findById(id))?.resets?.at(-1);
		const request = await until("the request", asked, Boolean);
		const link = await node.call<Link>("resetToken", { userId: id, requestId: request?.id });
		await node.call("confirmPasswordReset", { token: link.token, password: next }, { address });
		await refused(node.call("confirmPasswordReset", { token: link.token, password: next }, { address }), "UNAUTHORIZED");
		const again = await node.login(email, { address, password: next });
		await node.call("changePassword", { current: next, next: password }, again.from);
		await node.call("logout", {}, again.from);
		const admin = await node.admin();
		await node.call("updateUser", { id, roles: ["seller"], suspended: true }, { ...admin.from, address });
		await refused(node.login(email, { address }), "BAD_CREDENTIALS");
		await node.call("updateUser", { id, suspended: false }, { ...admin.from, address });
		const last = await node.login(email, { address });
		await node.call("deleteMe", {}, last.from);

		const from = `, from ${address}`;
		const stranger = lines.find((line) => line.includes("unknown"))?.match(/ (#[\w-]{16}),/)?.[1];
		assert.ok(stranger);
		assert.deepEqual(
			lines.filter((line) => !line.includes(`user ${admin.user.id} logged in`)),
			[
				`user ${id} registered as buyer${from}`,
				`user ${id} logged in${from}`,
				`log-in refused: a wrong password of user ${id}${from}`,
				`log-in refused: an unknown e-mail address, ${stranger}${from}`,
				`a new password was refused: a wrong password of user ${id}${from}`,
				`a new password was asked for user ${id}, whom a link is mailed to`,
				`user ${id} set a new password by a link${from}`,
				`a link that works no longer was used for user ${id}${from}`,
				`user ${id} logged in${from}`,
				`user ${id} changed the password${from}`,
				`user ${id} logged out${from}`,
				`user ${id} was changed by ${admin.user.id}: roles seller, suspended${from}`,
				`log-in refused: suspended user ${id}${from}`,
				`user ${id} was changed by ${admin.user.id}: roles seller${from}`,
				`user ${id} logged in${from}`,
				`user ${id} deleted the account${from}`,
			],
		);
		const all = lines.join("\n");
		const secrets = [email, password, next, "a wrong one", link.token, ana.accessToken, ana.refreshToken, "example.com"];
		for (const secret of secrets) assert.ok(!all.includes(secret));
	});

	it("has a name for each e-mail address that is tried, the same each time, which the address is not known from", async () => {
		const address = "203.0.113.10";
		const named = async (email: string, code: "BAD_CREDENTIALS" | "RATE_LIMITED"): Promise<string | undefined> => {
			lines.length = 0;
			await refused(node.login(email, { address }), code);
			return lines.find((line) => line.startsWith("log-in refused"))?.match(/(#[\w-]{16}), from 203\.0\.113\.10$/)?.[1];
		};
		const first = await named("Nobody@Example.com", "BAD_CREDENTIALS");
		assert.ok(first);
		assert.equal(await named("nobody@example.com", "BAD_CREDENTIALS"), first);
		assert.notEqual(await named("somebody.else@example.com", "BAD_CREDENTIALS"), first);
		// Not in place: without limits all nodes of this process share one.
		node.service.throttle = { ...node.service.throttle, attempt: () => Promise.reject(new DomainError("RATE_LIMITED")) };
		assert.equal(await named("nobody@example.com", "RATE_LIMITED"), first);
		assert.match(lines.join(), /too many tries/);
		assert.ok(!lines.join().includes("example.com"));
		const [one, another] = ["a secret", "another"].map((secret) => logNameOf("nobody@example.com", Buffer.from(secret)));
		assert.notEqual(one, another); // or a list of addresses would find them
	});
});
