import { Discoverers } from "moleculer";

type RemoteNode = ReturnType<Discoverers.Local["processRemoteNodeInfo"]>;
/** Of a life of a process, which its name may outlast. */
const lifeOf = (node: unknown): unknown => (node as { instanceID?: string | null } | undefined)?.instanceID;

/** A look that comes so much too late, in ms, was kept waiting by a standstill of our own. */
const late = 250;
/** So many looks in a row are left out at most: who always starves has to find out about the dead, too. */
const mostLeftOut = 2;

/**
 * Moleculer's own way to notice dead nodes, for a process that may stand still itself: paused, without a CPU, collecting garbage. What the
 * others said meanwhile lies unread behind the timer that looks at when they said it. The original then takes all of them for dead, rejects
 * what they are working on, and answers "not available" to whatever comes until it has found them again. This one leaves such a look out.
 */
export class PatientDiscoverer extends Discoverers.Local {
	declare protected readonly opts: { heartbeatTimeout: number }; // missing in its types; in s
	#lookedAt = Number.POSITIVE_INFINITY;
	#leftOut = 0;

	override startHeartbeatTimers(): void {
		super.startHeartbeatTimers();
		this.#lookedAt = performance.now();
	}

	override checkRemoteNodes(): void {
		const now = performance.now();
		const stoodStill = now - this.#lookedAt > this.opts.heartbeatTimeout * 1_000 + late;
		this.#lookedAt = now;
		this.#leftOut = stoodStill && this.#leftOut < mostLeftOut ? this.#leftOut + 1 : 0;
		if (this.#leftOut === 0) super.checkRemoteNodes();
	}

	/**
	 * A node that was killed may be back under its name before anybody has missed it, and knows nothing of what it was asked in its life before.
	 * Moleculer would let those who asked wait for their time-out.
	 */
	override processRemoteNodeInfo(id: string, payload: Record<string, unknown>): RemoteNode {
		const before = lifeOf(this.registry.nodes.get(id));
		const node = super.processRemoteNodeInfo(id, payload);
		if (before && before !== lifeOf(node)) this.transit?.removePendingRequestByNodeID(id);
		return node;
	}
}
