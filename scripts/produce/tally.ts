import type { Produced } from "./documents.ts";

// What the service answered, held against what was sent.

const surprisesShown = 10;

/** Answer to one document: taken in, or refused with that reason. */
export type Answer = { ok: true } | { ok: false; reason: string };

export class Tally {
	sent = 0;
	accepted = 0;
	refused = 0;
	readonly #byFault = new Map<string, number>();
	readonly #surprises: string[] = [];

	get answered(): number {
		return this.accepted + this.refused;
	}

	/** Every document was answered, and as its maker expected. */
	get asExpected(): boolean {
		return this.#surprises.length === 0 && this.answered === this.sent;
	}

	take({ id, fault }: Produced, answer: Answer): void {
		if (answer.ok) {
			this.accepted += 1;
			if (fault) this.#surprises.push(`${id} (${fault.name}) was taken in`);
			return;
		}
		this.refused += 1;
		const name = fault && answer.reason.includes(fault.pointer) ? fault.name : null;
		if (name) this.#byFault.set(name, (this.#byFault.get(name) ?? 0) + 1);
		else this.#surprises.push(`${id} (${fault?.name ?? "valid"}) was refused: ${answer.reason}`);
	}

	summary(seconds: number): string {
		const rate = seconds > 0 ? Math.round(this.answered / seconds) : this.answered;
		const missing = this.sent - this.answered;
		return [
			`sent ${this.sent}, accepted ${this.accepted}, refused ${this.refused}, in ${seconds.toFixed(1)} s (${rate}/s)`,
			...[...this.#byFault].sort(([a], [b]) => a.localeCompare(b)).map(([name, count]) => `  ${name.padEnd(18)} ${count}`),
			...(missing > 0 ? [`  without an answer  ${missing}`] : []),
			...(this.#surprises.length > 0 ? [`not as expected: ${this.#surprises.length}`] : []),
			...this.#surprises.slice(0, surprisesShown).map((line) => `  ${line}`),
		].join("\n");
	}
}
