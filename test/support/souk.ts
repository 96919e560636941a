import { type HttpClient, httpClient } from "./http.ts";
import { testSettings } from "./settings.ts";
import { type Exit, SoukProcess } from "./souk-process.ts";
import { removeDir, tempDir } from "./temp-dir.ts";

export { type Cluster, type ClusterNode, startCluster } from "./cluster.ts";
export { admin, testSettings } from "./settings.ts";

export interface Souk {
	readonly url: string;
	readonly api: HttpClient;
	readonly pid: number;
	readonly dataDir: string;
	readonly logs: string;
	/** Sends the signal (default SIGKILL) and resolves when the process is gone. */
	kill(signal?: NodeJS.Signals): Promise<Exit>;
	/** Same settings, same data, same port; kills it first if it still runs. */
	restart(): Promise<void>;
	/** Drains it, and removes its data if they were made for it. Answers how it ended. */
	stop(): Promise<Exit>;
}

export interface SoukOptions {
	/** Settings over those of `testSettings`. */
	env?: Record<string, string>;
	/** Kept by the caller; without it a folder is made, and removed by `stop`. */
	dataDir?: string;
}

/** An embedded Souk on a free port, ready. */
export const startSouk = async (options: SoukOptions = {}): Promise<Souk> => {
	const dataDir = options.dataDir ?? (await tempDir("data"));
	const child = new SoukProcess({ ...testSettings, DATA_DIR: dataDir, ...options.env });
	const clean = async (): Promise<void> => {
		if (!options.dataDir) await removeDir(dataDir);
	};
	try {
		await child.start();
	} catch (error) {
		await child.kill();
		await clean();
		throw error;
	}
	return {
		get url() {
			return child.url;
		},
		get api() {
			return httpClient(child.url);
		},
		get pid() {
			return child.pid;
		},
		get logs() {
			return child.logs;
		},
		dataDir,
		kill: (signal) => child.kill(signal),
		restart: () => child.restart(),
		async stop() {
			const exit = await child.kill("SIGTERM");
			await clean();
			return exit;
		},
	};
};
