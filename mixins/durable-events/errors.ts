/** For logs and dead letters: what went wrong, in a length that fits into a message. */
export const describeError = (error: unknown): string =>
	(error instanceof Error ? `${error.name}: ${error.message}` : String(error)).slice(0, 2_000);
