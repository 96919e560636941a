import { tmpdir } from "node:os";
import { join } from "node:path";

/**
 * A start of Souk takes 1.5 s of CPU, a third of which reads TypeScript and compiles modules that have not changed since the start before. The suites
 * start some hundred processes. Not with coverage on: code from the cache is counted by function only.
 */
export const compileCache = (): Record<string, string> =>
	process.env.NODE_V8_COVERAGE ? {} : { NODE_COMPILE_CACHE: join(tmpdir(), "souk-compile-cache") };
