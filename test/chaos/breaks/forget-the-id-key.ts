import { streamRows } from "../../../mixins/stream-log/stream-row.ts";
import { Recent } from "../../../realtime/recent.ts";
import { patch } from "./patch.ts";

// Nothing tells that an entry is there already: neither the node's memory nor the log's key.
const indexes: { name: string }[] = streamRows.indexes as never;
const key = indexes.findIndex(({ name }) => name === "posted");
if (key < 0) throw new Error("there is no key of posts to forget");
indexes.splice(key, 1);
patch(Recent, "find", () => () => undefined);
