import { enableCompileCache } from "node:module";
import { fileURLToPath } from "node:url";

// What `npm start` runs: scripts/start.ts, with what Node made of the sources last time. It is JavaScript because the file that
// asks for the cache is read before there is one: as TypeScript it would load the compiler, 15 MiB that stay and a third of the start.

// Coverage needs the sources. A folder that cannot be written to is as good as none.
if (!process.env.NODE_V8_COVERAGE) enableCompileCache(fileURLToPath(new URL("../node_modules/.cache/souk", import.meta.url)));

await import("./start.ts");
