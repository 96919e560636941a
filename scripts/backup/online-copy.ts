import { once } from "node:events";
import { chmod, rm } from "node:fs/promises";
import { connect, createServer, type Socket } from "node:net";
import { join, resolve } from "node:path";
import { createInterface } from "node:readline";
import { copyDatabase } from "../../mixins/store/sqlite-copy.ts";
import { Refusal } from "../node/refusal.ts";

// The database of the embedded profile is held by one process, so that one has to make the copy. It is asked through a socket in DATA_DIR
// by whoever may write there: a line {"to": path}, answered by lines {"copied", "of"} and at last {"done": true} or {"error"}.

interface Answer {
	copied?: number;
	of?: number;
	done?: boolean;
	error?: string;
}

const socketPath = (dataDir: string): string => join(resolve(dataDir), "souk.sock");

const answerOne = async (socket: Socket, dataDir: string): Promise<void> => {
	const say = (answer: Answer): void => void socket.write(`${JSON.stringify(answer)}\n`);
	socket.on("error", () => undefined); // who asked has gone: the copy is finished and stays where they wanted it
	for await (const line of createInterface({ input: socket })) {
		try {
			await copyDatabase(dataDir, String(JSON.parse(line).to), say);
			say({ done: true });
		} catch (error) {
			say({ error: error instanceof Error ? error.message : String(error) });
		}
	}
};

/** Serves copies of the database that this process has open, until `close`. Where the system takes no such socket there are none, and `warn` says why. */
export const serveCopies = async (dataDir: string, warn: (what: string) => void): Promise<{ close(): Promise<void> }> => {
	const path = socketPath(dataDir);
	const open = new Set<Socket>();
	const server = createServer((socket) => {
		open.add(socket);
		socket.once("close", () => open.delete(socket));
		answerOne(socket, dataDir).catch((error) => warn(`a copy of the database was not made: ${error}`));
	});
	try {
		await rm(path, { force: true }); // of a process that was killed: the database is ours
		server.listen(path);
		await once(server, "listening");
		await chmod(path, 0o600);
	} catch (error) {
		warn(`npm run backup will have to wait until this process has stopped, since it cannot be asked at ${path}: ${error}`);
	}
	return {
		async close() {
			for (const socket of open) socket.destroy();
			if (server.listening) await new Promise((closed) => server.close(closed));
		},
	};
};

/** Lets the process that has the database make a copy of it. Throws a `Refusal` where that cannot be. */
export const askForCopy = async (dataDir: string, to: string): Promise<void> => {
	const path = socketPath(dataDir);
	const socket = connect(path);
	try {
		await once(socket, "connect");
	} catch (error) {
		throw new Refusal(`the process that has ${dataDir} takes no questions at ${path} (${error}): stop it first`);
	}
	socket.write(`${JSON.stringify({ to: resolve(to) })}\n`);
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
