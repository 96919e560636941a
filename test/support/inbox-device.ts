import type { SoukClient, Stream } from "../../client/index.ts";
import type { CountersMessage } from "../../contracts/stream-messages.ts";
import { type Address, clientOf, Follower } from "./live-followers.ts";

/** A device that shows somebody's inbox: keeps the entries and counters that it was sent, through the SDK. */
export class InboxDevice extends Follower {
	readonly stream: Stream;
	readonly counters: CountersMessage[] = [];
	resets = 0;
	readonly #client: SoukClient;

	constructor(address: Address) {
		super(address, "inbox");
		this.#client = clientOf(address);
		this.stream = this.#client.inbox(address.who.id, address.position);
		this.stream.on("entry", (entry) => this.saw(entry));
		this.stream.on("reset", () => {
			this.resets += 1;
			this.entries.length = 0;
		});
		this.stream.on("counters", (counters) => {
			this.counters.push(counters);
			this.look();
		});
		this.stream.on("state", (state) => {
			if ("error" in state && state.error?.code === "INTERNAL") this.violations.push(state.error.message);
			this.look();
		});
	}

	live(): Promise<void> {
		return this.until("being live", () => this.stream.state.kind === "live");
	}

	/** Its newest counters say so. */
	counts(wanted: Partial<CountersMessage>): Promise<void> {
		const holds = (): boolean => {
			const last = this.counters.at(-1);
			return last !== undefined && Object.entries(wanted).every(([name, value]) => last[name as keyof CountersMessage] === value);
		};
		return this.until(`counters ${JSON.stringify(wanted)}, last ${JSON.stringify(this.counters.at(-1))}`, holds);
	}

	close(): void {
		this.#client.close();
	}
}
