/**
 * Reads `.env` of the working directory into the environment, if there is one; what is set already wins. Not by Node's
 * `--env-file-if-exists`: with `--watch` and no such file, that ends Node in an assertion on Ctrl-C (nodejs/node#64819).
 */
export const readEnvFile = (): void => {
	try {
		process.loadEnvFile();
	} catch (error) {
		if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
	}
};
