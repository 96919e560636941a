import type { CallMeta } from "../../contracts/call.ts";
import { DomainError } from "../../contracts/errors.ts";
import type { ProductView } from "../../contracts/http/products.ts";
import { isCurrency, type Money } from "../../contracts/money.ts";
import type { Change, Entity } from "../../mixins/store/versioned.ts";
import { checkVersion } from "./access.ts";
import type { Stock } from "./stock.ts";

// Products: what a seller offers. An order copies name and price when it is placed, so a change here never reaches it.

/** What a seller says about a product. */
export interface Offer {
	name: string;
	price: Money;
	stock?: number | undefined;
}

export interface ProductBody extends Offer {
	sellerId: string;
	/** Unique and ascending with time, for the list of all. */
	sortKey: string;
	/** Unique, begins with the name as it is searched for. */
	nameKey: string;
	/** As it was offered first: the answer to a repeated request. */
	offered: Offer;
}

export interface Product extends Entity, ProductBody, Omit<Stock, "stock"> {
	stock?: number;
	createdAt: string;
	request?: { key: string; hash: string };
	/** Keys of the last requests that changed it. */
	changedBy?: string[];
}

export const demoSellerId = "demo-seller";
/** Orders that contain it are declined unless the buyer names another payment method. */
export const declinedProductId = "2";
export const demoProducts: readonly { id: string; offer: Offer }[] = [
	{ id: "1", offer: { name: "Chicken wing", price: { amount: 9900, currency: "MYR" } } },
	{ id: declinedProductId, offer: { name: "Chicken rice", price: { amount: 9900, currency: "MYR" } } },
];

/** Upper and lower case, and composed and decomposed characters, are the same to somebody who searches. */
export const searchKey = (name: string): string => name.normalize("NFC").toLowerCase().trim();
const nameKeyOf = (name: string, id: string): string => `${searchKey(name)} ${id}`;

/** The keys that begin with what is searched for: U+10FFFF is above every character of a name, in either store. */
export const nameRange = (q: string): { from: string; below: string } => ({
	from: searchKey(q),
	below: `${searchKey(q)}\u{10FFFF}`,
});

const checkOffer = ({ price }: Partial<Offer>): void => {
	if (!price || isCurrency(price.currency)) return;
	throw new DomainError("VALIDATION", "the currency is not known", {
		errors: [{ pointer: "/price/currency", detail: "must be an ISO 4217 code" }],
	});
};

const plain = ({ name, price, stock }: Offer): Offer => ({ name, price, ...(stock !== undefined && { stock }) });

/** `listedAt`: ISO 8601; the list of all is ordered by it. */
export const newProduct = (id: string, sellerId: string, offer: Offer, listedAt: string): ProductBody => {
	checkOffer(offer);
	return {
		sellerId,
		...plain(offer),
		sortKey: `${listedAt}_${id}`,
		nameKey: nameKeyOf(offer.name, id),
		offered: plain(offer),
	};
};

/** A call that is sent again because its node died comes within seconds: it needs to find its own change, not those of long ago. */
const rememberedChanges = 16;

export interface UpdateRequest {
	sellerId: string;
	/** Of the request, the same if its call is sent again: pieces that were sold between the two must not come back. */
	key: string;
	ifMatch: CallMeta["ifMatch"];
}

/** What a seller's change writes; null if it changes nothing, or has been made. NOT_FOUND for what is somebody else's, VERSION_CONFLICT. */
export const decideUpdate = (
	product: Product,
	change: Partial<Offer>,
	{ sellerId, key, ifMatch }: UpdateRequest,
): Pick<Change, "set" | "push"> | null => {
	if (product.sellerId !== sellerId) throw new DomainError("NOT_FOUND");
	if (product.changedBy?.includes(key)) return null;
	checkVersion(product.version, ifMatch);
	checkOffer(change);
	const set: Record<string, unknown> = {};
	if (change.name !== undefined && change.name !== product.name) {
		set.name = change.name;
		set.nameKey = nameKeyOf(change.name, product._id);
	}
	if (change.price && (change.price.amount !== product.price.amount || change.price.currency !== product.price.currency)) {
		set.price = change.price;
	}
	if (change.stock !== undefined && change.stock !== product.stock) set.stock = change.stock;
	if (Object.keys(set).length === 0) return null;
	return { set, push: { changedBy: { $each: [key], $slice: -rememberedChanges } } };
};

const view = (product: Product, offer: Offer, version: number): ProductView => ({
	id: product._id,
	sellerId: product.sellerId,
	...plain(offer),
	...(offer.stock !== undefined && { stock: offer.stock }),
	version,
});

export const productView = (product: Product): ProductView => view(product, product, product.version);
/** The product as the POST that made it answered. */
export const viewAsOffered = (product: Product): ProductView => view(product, product.offered, 1);
