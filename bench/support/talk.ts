import type { BenchClient } from "./client.ts";
import { inParallel } from "./shop.ts";

export interface Person {
	id: string;
	token: string;
}

const password = "a long and quiet river";

/** So many people, signed in. */
export const people = async (client: BenchClient, count: number): Promise<Person[]> => {
	const all: Person[] = [];
	const tag = `${process.pid}-${Date.now()}`;
	await inParallel(count, 8, async (index) => {
		const email = `person-${tag}-${index}@example.com`;
		const body = { email, password, name: `Person ${index}`, role: "buyer" };
		const { id } = (await client.expect<{ id: string }>(201, "POST", "/v1/auth/register", { body })).body;
		const login = await client.expect<{ accessToken: string }>(200, "POST", "/v1/auth/login", { body: { email, password } });
		all.push({ id, token: login.body.accessToken });
	});
	return all;
};

/** Opens a conversation of all of them; answers its stream. */
export const talk = async (client: BenchClient, members: readonly Person[]): Promise<string> => {
	const [creator, ...others] = members;
	const body = { memberIds: others.map(({ id }) => id), title: "Bench" };
	const pair = members.length === 2;
	const options = { token: creator?.token ?? "", body: pair ? { memberIds: body.memberIds } : body };
	return (await client.expect<{ streamId: string }>(201, "POST", "/v1/conversations", options)).body.streamId;
};
