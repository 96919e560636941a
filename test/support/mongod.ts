import { MongoClient } from "mongodb";
import { launch, type RunningServer, type StartOptions } from "./servers.ts";

/** A fresh `mongod --replSet` has no configuration yet: it is given one, of a single member, before it can be written to. */
const ready = async (port: number): Promise<boolean> => {
	const client = new MongoClient(`mongodb://127.0.0.1:${port}/?directConnection=true`, { serverSelectionTimeoutMS: 1_000 });
	try {
		const admin = client.db("admin");
		const hello = await admin.command({ hello: 1 });
		if (hello.isreplicaset && !hello.setName) {
			await admin.command({ replSetInitiate: { _id: "rs0", members: [{ _id: 0, host: `127.0.0.1:${port}` }] } });
			return false;
		}
		return hello.isWritablePrimary === true;
	} catch {
		return false; // not listening yet: asked again until the start's time-out
	} finally {
		await client.close();
	}
};

/** MongoDB as a replica set of one, its data in `dbpath` (or a folder of its own). */
export const startMongod = (options: StartOptions & { dbpath?: string } = {}): Promise<RunningServer> =>
	launch({
		name: "mongod",
		dir: options.dbpath,
		own: options.own,
		args: (port, dir) => ["--dbpath", dir, "--port", String(port), "--bind_ip", "127.0.0.1", "--replSet", "rs0"],
		url: (port) => `mongodb://127.0.0.1:${port}/?replicaSet=rs0`,
		ready,
	});
