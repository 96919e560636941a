import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";

// npm run build:web      builds web/dist, which the gateway serves
// npm ci (`prepare`)     the same with --if-possible: nothing where the build tools were left out, as by `npm ci --omit=dev`
// Plain JavaScript: without the build tools there may be an older Node, which does not read TypeScript.

const web = fileURLToPath(new URL("../web/", import.meta.url));

const toolsOf = async () => {
	try {
		return await import("vite");
	} catch (error) {
		if (error.code !== "ERR_MODULE_NOT_FOUND" || !process.argv.includes("--if-possible")) throw error;
		return null;
	}
};

/** Once here instead of at each request. Under a kilobyte it would not pay. */
const compress = (folder) => {
	for (const name of readdirSync(folder, { recursive: true })) {
		if (!/\.(js|css|svg|html)$/.test(name)) continue;
		const body = readFileSync(join(folder, name));
		if (body.length < 1024) continue;
		const params = { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_SIZE_HINT]: body.length };
		writeFileSync(join(folder, `${name}.br`), brotliCompressSync(body, { params }));
		writeFileSync(join(folder, `${name}.gz`), gzipSync(body, { level: 9 }));
	}
};

const vite = await toolsOf();
if (vite) {
	await vite.build({ configFile: join(web, "vite.config.ts"), root: web, logLevel: "warn" });
	compress(join(web, "dist"));
} else console.log("The build tools of the web client were left out: it is not built.");
