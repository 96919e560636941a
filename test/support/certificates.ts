import { execFile } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";

// Certificates of an authority that lives as long as a test. `needsCommand(this, "openssl")` comes before.

const run = promisify(execFile);
const openssl = (...args: readonly string[]): Promise<unknown> => run("openssl", args);

export interface Authority {
	/** Path of its certificate. */
	readonly ca: string;
	/** A certificate for 127.0.0.1 and localhost, and its key, as paths; clients may show it too. */
	issue(name: string): Promise<{ readonly cert: string; readonly key: string }>;
}

const newKey = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];

/** Its files are in `dir`, which the caller removes. */
export const authority = async (dir: string, name = "ca"): Promise<Authority> => {
	const ca = join(dir, `${name}.crt`);
	const caKey = join(dir, `${name}.key`);
	await openssl("req", "-x509", ...newKey, "-keyout", caKey, "-out", ca, "-days", "2", "-subj", `/CN=${name} of a test`);
	return {
		ca,
		async issue(whose) {
			const [cert, key, request, extensions] = ["crt", "key", "csr", "ext"].map((end) => join(dir, `${whose}.${end}`)) as [
				string,
				string,
				string,
				string,
			];
			await writeFile(extensions, "subjectAltName=IP:127.0.0.1,DNS:localhost\nextendedKeyUsage=serverAuth,clientAuth\n");
			await openssl("req", ...newKey, "-keyout", key, "-out", request, "-subj", `/CN=${whose}`);
			const signed = ["-CA", ca, "-CAkey", caKey, "-CAcreateserial", "-extfile", extensions];
			await openssl("x509", "-req", "-in", request, "-out", cert, "-days", "2", ...signed);
			return { cert, key };
		},
	};
};
