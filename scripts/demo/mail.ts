import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import PostalMime from "postal-mime";
import { until } from "../../test/support/until.ts";

// Without an SMTP server mails are files: the demo opens them as their recipients would.

const mailsIn = async (dataDir: string): Promise<{ to: string; text: string }[]> => {
	const folder = join(dataDir, "mail");
	const names = (await readdir(folder)).filter((name) => name.endsWith(".eml"));
	const mails = await Promise.all(names.map(async (name) => PostalMime.parse(await readFile(join(folder, name)))));
	return mails.map(({ to, text = "" }) => ({ to: to?.[0]?.address ?? "", text }));
};

/** The token of the link to this page in a mail to this address; waits for it. */
export const mailedToken = async (dataDir: string, address: string, page: string): Promise<string> => {
	const token = async (): Promise<string | undefined> => {
		const mails = (await mailsIn(dataDir)).filter(({ to }) => to === address);
		return mails.map(({ text }) => text.split(`/app/${page}#token=`)[1]?.match(/^\S+/)?.[0]).find((found) => found !== undefined);
	};
	return (await until(`a mail to ${address} with a link to ${page}`, token, (found) => found !== undefined)) ?? "";
};
