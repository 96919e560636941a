import type { Recorder, Session } from "./history.ts";
import type { World } from "./world.ts";

/** A program that follows a stream through the SDK from the first entry on: for the checker, one connection that never ends. */
export class SdkFollower {
	readonly name: string;
	readonly user: string;
	readonly stream: string;
	readonly follows = true;
	#session: Session;
	#after = 0;
	readonly #followed: { end(): void } | undefined;

	constructor(world: World, user: string, stream: string, recorder: Recorder) {
		this.name = `the SDK on ${stream}`;
		this.user = user;
		this.stream = stream;
		this.#session = this.#begin(recorder, false);
		this.#followed = world.follow?.(user, stream, {
			entry: (entry) => {
				this.#session.entries.push(entry);
				this.#after = entry.seq;
			},
			reset: () => {
				this.#session = this.#begin(recorder, true);
			},
		});
	}

	get after(): number {
		return this.#after;
	}

	stop(): void {
		this.#followed?.end();
	}

	#begin(recorder: Recorder, reset: boolean): Session {
		const session = recorder.session(this.name, this.stream, { after: this.#after });
		session.ready = { seq: this.#after, reset };
		return session;
	}
}
