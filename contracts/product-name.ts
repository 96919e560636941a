import type { OrderLine } from "./events.ts";

/** What an order is called where one name must do: the first product's, and how many others there are. */
export const productNameOf = (items: readonly Pick<OrderLine, "name">[]): string => {
	const [first] = items;
	const name = first?.name ?? "";
	return items.length > 1 ? `${name} and ${items.length - 1} more` : name;
};
