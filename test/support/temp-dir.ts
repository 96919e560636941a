import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

export const tempDir = (name: string): Promise<string> => mkdtemp(join(tmpdir(), `souk-${name}-`));

export const removeDir = (path: string): Promise<void> =>
	rm(path, { recursive: true, force: true, maxRetries: 5, retryDelay: 50 });
