import { openStore } from "../../mixins/store/store.ts";

// A process that holds a data folder until it is killed: says "open" once it has it, or the error's name and message.

const dataDir = process.argv[2] ?? "";
try {
	await openStore({ collections: { things: {} }, profile: { kind: "embedded", dataDir } });
	console.log("open");
	setInterval(() => undefined, 60_000);
} catch (error) {
	console.log(error instanceof Error ? `${error.name}: ${error.message}` : error);
	process.exitCode = 1;
}
