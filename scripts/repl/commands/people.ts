import type { Static } from "typebox";
import { DomainError } from "../../../contracts/errors.ts";
import type { AdminUser } from "../../../contracts/http/auth.ts";
import type { PageOf } from "../../../mixins/paging/page.ts";
import { type Command, type Given, paging, type Row, type Shown } from "../command.ts";
import type { Operator } from "../operator.ts";
import { listed, pageParams, word } from "./words.ts";

// Users.

type User = Static<typeof AdminUser>;

/** Of an id or an e-mail address. Throws NOT_FOUND for an address that nobody has. */
export const idOfUser = async (operator: Operator, user: string): Promise<string> => {
	if (!user.includes("@")) return user;
	const { items } = await operator.call<PageOf<User>>("auth.listUsers", { q: user, limit: 100 });
	const found = items.find(({ email }) => email.toLowerCase() === user.toLowerCase());
	if (!found) throw new DomainError("NOT_FOUND", "Nobody has this e-mail address");
	return found.id;
};

const rowOf = ({ id, email, name, roles, suspended, createdAt }: User): Row => ({ id, email, name, roles, suspended, since: createdAt }); // biome-ignore format: one line

const setSuspended = async (operator: Operator, given: Given, suspended: boolean): Promise<Shown> => {
	const id = await idOfUser(operator, word(given, 0));
	const user = await operator.call<User>("auth.updateUser", { id, suspended });
	return { data: user, rows: rowOf(user) };
};

export const peopleCommands: readonly Command[] = [
	{
		name: "users",
		words: ["[start]"],
		summary: "Users, the newest first; or by how their name or e-mail address starts",
		options: paging,
		async run(operator, given) {
			const q = given.words[0];
			const page = await operator.call<PageOf<User>>("auth.listUsers", { ...pageParams(given), ...(q !== undefined && { q }) });
			return listed(page, rowOf);
		},
	},
	{
		name: "suspend",
		words: ["user"],
		summary: "Let a user in no more, by id or e-mail address: sessions end at once, live sockets within seconds",
		asks: (given) => `${word(given, 0)} is logged out everywhere and cannot log in.`,
		run: (operator, given) => setSuspended(operator, given, true),
	},
	{
		name: "unsuspend",
		words: ["user"],
		summary: "Let a user who was suspended log in again",
		run: (operator, given) => setSuspended(operator, given, false),
	},
];
