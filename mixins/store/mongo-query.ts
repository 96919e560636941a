import { Context } from "mingo/core";
import * as comparison from "mingo/operators/query/comparison";
import * as element from "mingo/operators/query/element";
import { Query } from "mingo/query";

// The operators of the port and no others: all that mingo knows is 250 modules more, in every process.
const context = Context.init({ query: { ...comparison, ...element } });

/** A filter with MongoDB's meaning. */
export const mongoQuery = (where: Record<string, unknown>): Query => new Query(where, { context });
