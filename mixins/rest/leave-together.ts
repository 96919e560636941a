import type { RestResponse } from "./http.ts";

type Whole = string | Buffer | undefined;

let waiting: (readonly [RestResponse, Whole])[] = [];

const leave = (): void => {
	const leaving = waiting;
	waiting = [];
	for (const [res, body] of leaving) res.end(body);
};

/**
 * Ends answers at the end of the turn of the event loop, all that are ready by then, as Redis does. A write wakes up whoever reads it; one
 * after each request woke the peer on the same machine each time, and cost more than all that was done for the request.
 */
export const leaveTogether = (res: RestResponse, body: Whole): void => {
	if (waiting.push([res, body]) === 1) setImmediate(leave);
};
