import { readdir } from "node:fs/promises";
import type { Collection, Document } from "../../mixins/store/port.ts";
import type { StoreControl } from "../../mixins/store/store.ts";

/**
 * One change of stored data: a file `NNNN-<what>.ts` in services/<name>/migrations/ that exports both. Each must be safe to
 * run again: a run that died half-way is run again from its beginning.
 */
export interface DataStep {
	up(store: StoreControl, signal: AbortSignal): Promise<void>;
	down(store: StoreControl, signal: AbortSignal): Promise<void>;
}

export interface NamedStep extends DataStep {
	/** File name without its ending. */
	name: string;
}

/** Which steps a service's data have behind them. `_id` is the service. */
export interface DataVersion extends Document {
	steps: string[];
}

const stepFile = /^\d{4}-[a-z0-9-]+\.ts$/;

/** In the order of their numbers. A service without the folder has none. */
export const stepsIn = async (folder: URL): Promise<NamedStep[]> => {
	const files = await readdir(folder).catch((error: NodeJS.ErrnoException) => {
		if (error.code === "ENOENT") return [];
		throw error;
	});
	const names = files.filter((file) => stepFile.test(file)).sort();
	return Promise.all(
		names.map(async (file) => {
			const step: DataStep = await import(new URL(file, folder).href);
			return { name: file.replace(/\.ts$/, ""), up: step.up, down: step.down };
		}),
	);
};

export const doneSteps = async (versions: Collection<DataVersion>, service: string): Promise<string[]> =>
	(await versions.findById(service))?.steps ?? [];

interface Run {
	service: string;
	store: StoreControl;
	versions: Collection<DataVersion>;
	signal: AbortSignal;
}

/** Runs what is not done yet, in order. Each is noted after it: one that died is run again, which a step must bear. */
export const stepUp = async ({ service, store, versions, signal }: Run, steps: readonly NamedStep[]): Promise<string[]> => {
	await versions.create({ _id: service, steps: [] });
	const done = await doneSteps(versions, service);
	const ran: string[] = [];
	for (const step of steps) {
		if (done.includes(step.name)) continue;
		signal.throwIfAborted();
		await step.up(store, signal);
		await versions.update({ _id: service }, { $addToSet: { steps: step.name } });
		ran.push(step.name);
	}
	return ran;
};

/** Takes back the last one that is done. Answers its name, or null if there is none. */
export const stepDown = async (
	{ service, store, versions, signal }: Run,
	steps: readonly NamedStep[],
): Promise<string | null> => {
	const done = await doneSteps(versions, service);
	const last = steps.findLast((step) => done.includes(step.name));
	if (!last) return null;
	signal.throwIfAborted();
	await last.down(store, signal);
	await versions.update({ _id: service }, { $pull: { steps: last.name } });
	return last.name;
};
