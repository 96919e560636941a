/** Newline-delimited JSON: one document a line. */
export const linesType = "application/x-ndjson";
