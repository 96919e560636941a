import type { Context, Service } from "moleculer";
import Type, { type Static } from "typebox";
import type { ActiveStream } from "../../contracts/http/admin.ts";
import { typed } from "../../middlewares/typebox-validator.ts";
import type { Engine } from "../../realtime/engine.ts";
import type { Frame } from "./frame.ts";

// What is active on one node, for operators; the gateway asks each by its name.

const Asked = Type.Object({ from: Type.String({ maxLength: 200 }), limit: Type.Integer({ minimum: 1, maximum: 200 }) });
export type AskedStreams = Static<typeof Asked>;

type This = Service & { engine: Engine<Frame> };

export const activeStreams = {
	visibility: "public",
	params: typed(Asked),
	handler(this: This, { params: { from, limit } }: Context<AskedStreams>): ActiveStream[] {
		return this.engine.list(from, limit).map((stream) => ({ ...stream, node: this.broker.nodeID }));
	},
};
