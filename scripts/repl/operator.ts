import { hostname, userInfo } from "node:os";
import type { ServiceBroker } from "moleculer";
import type { CallMeta } from "../../contracts/call.ts";
import { newId } from "../../contracts/ids.ts";

// Who calls from the prompt of a node. It is trusted as the bus is: whoever can start it can reach the bus. Clients cannot come in this way, for
// what they send becomes `meta` in the gateway and at the sockets alone, which never set `via`.

const userOfSystem = (): string => {
	try {
		return userInfo().username;
	} catch {
		return `uid-${process.getuid?.() ?? "unknown"}`; // containers run as users that have no name
	}
};

/** As the audit log names them; no id of a user has a colon. */
export const operatorId = (): string => `repl:${userOfSystem()}@${hostname()}`;

export interface Operator {
	readonly id: string;
	call<Answer>(action: string, params?: object): Promise<Answer>;
}

const metaOf = (id: string): CallMeta => ({
	user: { id, roles: ["admin"], sessionId: "repl" },
	via: "repl",
	request: { key: newId(), hash: "", named: false },
	client: { address: "", agent: "repl" },
});

/** Calls what the routes of `/v1/admin` call, on whichever node offers it. */
export const operatorOf = (broker: ServiceBroker, id = operatorId()): Operator => ({
	id,
	call: (action, params = {}) => broker.call(action, params, { meta: metaOf(id), requestID: newId() }),
});
