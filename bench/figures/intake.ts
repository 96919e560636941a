import { validateDocument } from "../../services/orders/intake-document.ts";
import { anIntakeDocument } from "../../test/support/an-intake-document.ts";
import { login } from "../../test/support/http.ts";
import { sendLines } from "../../test/support/ndjson.ts";
import { admin, type Souk, startSouk } from "../../test/support/souk.ts";
import type { Figure } from "../support/figure.ts";
import { median, round } from "../support/stats.ts";

const checks = 400_000;
const lines = 30_000;

const perSecond = (count: number, since: number): number => count / ((performance.now() - since) / 1000);

/** Several documents, so that no branch is learnt by heart. */
const validation = (): number => {
	const documents = Array.from({ length: 1_000 }, (_, index) => anIntakeDocument(`bench${index}validation`));
	const once = (): number => {
		const since = performance.now();
		for (let index = 0; index < checks; index++) {
			if (validateDocument(documents[index % documents.length]) !== null) throw new Error("a good document was refused");
		}
		return perSecond(checks, since);
	};
	once();
	return median([once(), once(), once()]);
};

const streamed = async (souk: Souk, token: string, run: number): Promise<number> => {
	const made = Array.from({ length: lines }, (_, index) => JSON.stringify(anIntakeDocument(`bench${run}x${index}document`)));
	const since = performance.now();
	const answers = await sendLines(souk.url, token, made);
	if (answers.length !== lines || answers.some(({ ok }) => !ok)) throw new Error("a line was not taken in");
	return perSecond(lines, since);
};

/** Order documents of other systems: the rules alone, and one NDJSON request against the embedded profile, SQLite with synchronous FULL. */
export const intake = async (): Promise<Figure[]> => {
	const souk = await startSouk({ env: { LOG_LEVEL: "warn" } });
	try {
		const { token } = await login(souk.api, admin.email, admin.password);
		const rates: number[] = [];
		for (let run = 0; run < 3; run++) rates.push(await streamed(souk, token, run));
		const unit = "documents/s";
		return [
			{ name: "intake: rules", value: round(validation(), 0), unit, bound: { least: 200_000 }, note: "parsed, valid, one item" },
			{
				name: "intake: NDJSON",
				value: round(median(rates), 0),
				unit,
				bound: { least: 3_000 },
				note: `embedded, ${lines} lines in one request, each stored before its answer`,
			},
		];
	} finally {
		await souk.stop();
	}
};
