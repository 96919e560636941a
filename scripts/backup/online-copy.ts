import { randomBytes, timingSafeEqual } from "node:crypto";
import { once } from "node:events";
import { readFile, rename, rm, writeFile } from "node:fs/promises";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { join, resolve } from "node:path";
import { createInterface } from "node:readline";
import { copyDatabase } from "../../mixins/store/sqlite-copy.ts";
import { Refusal } from "../node/refusal.ts";

// The database of the embedded profile is held by one process, so that one has to make the copy. Whoever may read DATA_DIR may ask it, at the port and
// with the token that stand in a file there: a line {"token", "to": path}, answered by lines {"copied", "of"} and at last {"done": true} or {"error"}.
// No socket in the file system: copying a folder with one in it fails, and its path may be 107 bytes long.

interface Answer {
	copied?: number;
	of?: number;
	done?: boolean;
	error?: string;
}

/** Where to ask, for the owner of DATA_DIR alone. */
interface Desk {
	port: number;
	token: string;
}

const deskPath = (dataDir: string): string => join(resolve(dataDir), "copies.json");

/** @param token hex digits, as is what was given */
const isToken = (token: string, given: unknown): boolean => {
	const [known, tried] = [token, String(given)].map((text) => Buffer.from(text)) as [Buffer, Buffer];
	return known.length === tried.length && timingSafeEqual(known, tried);
};

const answerOne = async (socket: Socket, dataDir: string, token: string): Promise<void> => {
	const say = (answer: Answer): void => void socket.write(`${JSON.stringify(answer)}\n`);
	socket.on("error", () => undefined); // who asked has gone: the copy is finished and stays where they wanted it
	for await (const line of createInterface({ input: socket })) {
		try {
			const asked = JSON.parse(line) as { token?: unknown; to?: unknown };
			if (!isToken(token, asked.token)) throw new Error("wrong token");
			await copyDatabase(dataDir, String(asked.to), say);
			say({ done: true });
		} catch (error) {
			say({ error: error instanceof Error ? error.message : String(error) });
		}
	}
};

/** Whole or not at all: it may be read at any time. */
const announce = async (dataDir: string, desk: Desk): Promise<void> => {
	const path = deskPath(dataDir);
	await writeFile(`${path}.new`, JSON.stringify(desk), { mode: 0o600 });
	await rename(`${path}.new`, path);
};

/** Serves copies of the database that this process has open, until `close`. Where it may not listen there are none, and `warn` says why. */
export const serveCopies = async (dataDir: string, warn: (what: string) => void): Promise<{ close(): Promise<void> }> => {
	const token = randomBytes(32).toString("hex");
	const open = new Set<Socket>();
	const server = createServer((socket) => {
		open.add(socket);
		socket.once("close", () => open.delete(socket));
		answerOne(socket, dataDir, token).catch((error) => warn(`a copy of the database was not made: ${error}`));
	});
	try {
		server.listen(0, "127.0.0.1");
		await once(server, "listening");
		await announce(dataDir, { port: (server.address() as AddressInfo).port, token });
	} catch (error) {
		warn(`npm run backup will have to wait until this process has stopped, since it cannot be asked: ${error}`);
	}
	return {
		async close() {
			await rm(deskPath(dataDir), { force: true });
			for (const socket of open) socket.destroy();
			if (server.listening) await new Promise((closed) => server.close(closed));
		},
	};
};

const reach = async (dataDir: string): Promise<{ socket: Socket; token: string }> => {
	try {
		const { port, token } = JSON.parse(await readFile(deskPath(dataDir), "utf8")) as Desk;
		const socket = connect(port, "127.0.0.1");
		await once(socket, "connect");
		return { socket, token };
	} catch (error) {
		throw new Refusal(`the process that has ${dataDir} takes no questions (${error}): stop it first`);
	}
};

/** Lets the process that has the database make a copy of it. Throws a `Refusal` where that cannot be. */
export const askForCopy = async (dataDir: string, to: string): Promise<void> => {
	const { socket, token } = await reach(dataDir);
	socket.write(`${JSON.stringify({ token, to: resolve(to) })}\n`);
	try {
		for await (const line of createInterface({ input: socket })) {
			const { done, error } = JSON.parse(line) as Answer;
			if (error) throw new Refusal(`the copy of the database was not made: ${error}`);
			if (done) return;
		}
		throw new Refusal("the process that made the copy of the database ended before the copy did");
	} finally {
		socket.destroy();
	}
};
