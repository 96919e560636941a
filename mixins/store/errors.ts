/** A unique index other than the id's refused the document. Which one is not portable: look the document up. */
export class DuplicateKey extends Error {
	override readonly name = "DuplicateKey";
	readonly collection: string;
	constructor(collection: string, options?: ErrorOptions) {
		super(`a unique key of ${collection} is taken`, options);
		this.collection = collection;
	}
}

/** The store cannot be reached or refuses work. Nothing was written. */
export class StoreUnavailable extends Error {
	override readonly name = "StoreUnavailable";
}

/** The answer to a write was lost: it may have happened. Read before deciding, or send again in a form that is safe to repeat. */
export class WriteUncertain extends Error {
	override readonly name = "WriteUncertain";
}
