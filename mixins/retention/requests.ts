import type { RetentionRule } from "../../contracts/metrics.ts";
import type { Collection } from "../store/port.ts";
import type { Entity } from "../store/versioned.ts";
import { handled, type Rule } from "./rules.ts";

/** An entity that remembers which requests changed it, with its index `requestsIndex`. `at`: epoch ms or ISO 8601. */
export interface Remembering extends Entity {
	requests?: readonly { at?: number | string }[];
}

/** Those of before it was written down when they came are as old as the oldest. */
const cameAt = (request: { at?: number | string }, oldest: number): number =>
	typeof request.at === "string" ? Date.parse(request.at) : (request.at ?? oldest);

/** Requests that are too old to come again are forgotten, each for itself: it is no change of the entity, and its version stays. */
export const oldRequests = <T extends Remembering>(
	name: RetentionRule,
	what: string,
	collection: Collection<T>,
	life: number,
): Rule =>
	handled<T>({
		...{ name, what, collection, life },
		field: "requestsAt",
		handle({ _id, version, requestsAt = 0, requests = [] }, now) {
			const left = requests.filter((request) => cameAt(request, requestsAt) > now - life);
			const next = Math.min(...left.map((request) => cameAt(request, requestsAt)));
			// A request that came meanwhile is in the next version.
			return collection.update(
				{ _id, version, requestsAt },
				left.length > 0
					? { $set: { requests: left, requestsAt: next } }
					: { $set: { requests: [] }, $unset: { requestsAt: true } },
			);
		},
	});
