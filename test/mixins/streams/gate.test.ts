import assert from "node:assert/strict";
import { EventEmitter } from "node:events";
import type { Server } from "socket.io";
import type { DomainError } from "../../../contracts/errors.ts";
import { Gate } from "../../../mixins/streams/gate.ts";
import { historyPage } from "../../../mixins/streams/history-page.ts";
import type { Entry } from "../../../realtime/entry.ts";

class FakeConn extends EventEmitter {
	readyState = "open";
	close(): void {
		this.readyState = "closed";
		this.emit("close");
	}
}

describe("The gate of sockets", () => {
	let gate: Gate;
	let engine: EventEmitter;
	const conn = () => {
		const made = new FakeConn();
		engine.emit("connection", made);
		return made as FakeConn & Parameters<Gate["take"]>[0];
	};
	const codeOf = (work: () => void): string | null => {
		try {
			work();
			return null;
		} catch (error) {
			return (error as DomainError).code;
		}
	};

	beforeEach(() => {
		gate = new Gate(200);
		engine = new EventEmitter();
		gate.watch({ engine } as unknown as Server);
	});

	it("lets a connection in once, and again after it was refused", () => {
		const one = conn();
		gate.take(one);
		assert.equal(codeOf(() => gate.take(one)), "WRONG_STREAM"); // biome-ignore format: one line
		gate.free(one);
		assert.equal(codeOf(() => gate.take(one)), null); // biome-ignore format: one line
	});

	it("gives back what a connection took, however it ends, and once", () => {
		const all = Array.from({ length: 200 }, () => {
			const one = conn();
			gate.take(one);
			gate.count(one, "ann");
			return one;
		});
		assert.equal(codeOf(() => gate.count(conn(), "ann")), "RATE_LIMITED"); // biome-ignore format: one line
		assert.equal(codeOf(() => gate.count(conn(), "bob")), null); // biome-ignore format: one line
		all[0]?.close();
		gate.free(all[0] as (typeof all)[number]);
		assert.equal(codeOf(() => gate.count(conn(), "ann")), null); // biome-ignore format: one line
		assert.equal(codeOf(() => gate.count(conn(), "ann")), "RATE_LIMITED"); // biome-ignore format: one line
	});

	it("counts nobody whose connection ended while it was looked at", () => {
		const one = conn();
		gate.take(one);
		one.close();
		gate.count(one, "ann");
		assert.equal(gate.users, 0);
	});

	it("ends who talks on without being let in, and listens no longer to who is in", () => {
		const [talker, member] = [conn(), conn()];
		gate.joined(member);
		for (let i = 0; i < 10; i += 1) for (const one of [talker, member]) one.emit("packet", { type: "message" });
		for (let i = 0; i < 100; i += 1) talker.emit("packet", { type: "pong" });
		assert.equal(talker.readyState, "open");
		for (const one of [talker, member]) one.emit("packet", { type: "message" });
		assert.deepEqual([talker.readyState, member.readyState], ["closed", "open"]);
	});
});

describe("A page of history", () => {
	const entry = (seq: number, length: number) => ({ seq, body: { text: "x".repeat(length) } }) as unknown as Entry;
	const seqs = (entries: readonly Entry[]) => historyPage(entries).map(({ seq }) => seq);

	it("holds the newest that fit into 256 KiB, in order, and one at least", () => {
		assert.deepEqual(seqs([]), []);
		assert.deepEqual(seqs([entry(1, 10), entry(2, 10)]), [1, 2]);
		assert.deepEqual(seqs([1, 2, 3, 4, 5].map((seq) => entry(seq, 64_000))), [2, 3, 4, 5]);
		assert.deepEqual(seqs([entry(1, 10), entry(2, 300_000)]), [2]);
		assert.deepEqual(seqs([entry(1, 300_000), entry(2, 10)]), [2]);
	});
});
