import { mkdir, open, readdir, rename, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import type { Message, Transport } from "./transport.ts";

// Mails as files, where there is no SMTP server: <DATA_DIR>/mail/<when>-<id>.eml, which mail programs open. The name is the mail's own:
// written again after a crash, it is the same file.

export const fileNameOf = ({ id, createdAt }: Pick<Message, "id" | "createdAt">): string =>
	`${createdAt.replaceAll(":", "")}-${id}.eml`;

/** Whole or not at all, also after a power cut. */
const writeWhole = async (folder: string, name: string, bytes: Uint8Array): Promise<void> => {
	const temporary = join(folder, `.${name}.${process.pid}.tmp`);
	// Mails hold links that let people in.
	const file = await open(temporary, "w", 0o600);
	try {
		await file.writeFile(bytes);
		await file.sync();
	} finally {
		await file.close();
	}
	await rename(temporary, join(folder, name));
	const entries = await open(folder, "r");
	try {
		await entries.sync();
	} finally {
		await entries.close();
	}
};

/** A write takes milliseconds: what is older was left by a process that died, and nobody else would ever remove it. */
const leftAfter = 60_000;

const removeLeftovers = async (folder: string): Promise<void> => {
	const found = (await readdir(folder)).filter((name) => name.startsWith(".") && name.endsWith(".tmp"));
	for (const name of found) {
		const path = join(folder, name);
		const { mtimeMs } = await stat(path);
		if (Date.now() - mtimeMs > leftAfter) await rm(path, { force: true });
	}
};

export const emlTransport = async (folder: string): Promise<Transport> => {
	await mkdir(folder, { recursive: true, mode: 0o700 });
	await removeLeftovers(folder);
	return {
		width: 4,
		async send(message) {
			const name = fileNameOf(message);
			try {
				await writeWhole(folder, name, message.bytes);
				return { kind: "sent", code: 250, response: `written to ${name}` };
			} catch (error) {
				return { kind: "retry", reason: `the file could not be written: ${(error as Error).message}` };
			}
		},
		forget: (mail) => rm(join(folder, fileNameOf(mail)), { force: true }),
		close: () => undefined,
	};
};
