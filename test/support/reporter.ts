import { writeFileSync } from "node:fs";
import { relative } from "node:path";
import Mocha from "mocha";
import { type Counts, countLine } from "./counts.ts";
import { reasonFor } from "./skipped.ts";

// Mocha's spec reporter with an end that people and CI can read: each skipped suite with its reason, then one line of counts.

const nothingMayBeSkipped = (): boolean => process.env.SOUK_TEST_REQUIRE === "all";

export default class SoukReporter extends Mocha.reporters.Spec {
	readonly #skipped: Mocha.Test[] = [];
	/** Seconds by file, with what its hooks took. */
	readonly #seconds: Record<string, number> = {};

	constructor(runner: Mocha.Runner, options: Mocha.MochaOptions) {
		super(runner, options);
		let since = 0;
		runner.on("suite", ({ parent }: Mocha.Suite) => {
			if (parent?.root) since = performance.now();
		});
		runner.on("suite end", ({ parent, file = "" }: Mocha.Suite) => {
			if (!parent?.root) return;
			const name = relative(process.cwd(), file);
			this.#seconds[name] = (this.#seconds[name] ?? 0) + (performance.now() - since) / 1_000;
		});
		runner.on("pending", (test: Mocha.Test) => this.#skipped.push(test));
	}

	override epilogue(): void {
		super.epilogue();
		this.#listSkipped();
		const counts = this.#counts();
		const result = process.env.SOUK_TEST_RESULT;
		// scripts/test.ts has more to say after us, and says the last line itself.
		if (result) writeFileSync(result, JSON.stringify({ ...counts, seconds: this.#seconds }));
		else console.log(countLine(counts));
	}

	/** Mocha asks this for the exit code. */
	override done(failures: number, finish: (failures: number) => void): void {
		finish(failures + (nothingMayBeSkipped() ? this.#skipped.length : 0));
	}

	#counts(): Counts {
		const { passes, failures } = this.stats;
		return {
			passed: passes,
			failed: failures + (nothingMayBeSkipped() ? this.#skipped.length : 0),
			skipped: this.#skipped.length,
		};
	}

	#listSkipped(): void {
		if (this.#skipped.length === 0) return;
		const suites = new Map<string, number>();
		for (const test of this.#skipped) {
			const known = reasonFor(test.fullTitle());
			const line = known ? `${known.suite}: ${known.reason}` : `${test.fullTitle()}: no reason given`;
			suites.set(line, (suites.get(line) ?? 0) + 1);
		}
		console.log(nothingMayBeSkipped() ? "  Skipped, which SOUK_TEST_REQUIRE=all forbids:" : "  Skipped:");
		for (const [line, count] of suites) console.log(`  - ${line} (${count} ${count === 1 ? "test" : "tests"})`);
		console.log();
	}
}
