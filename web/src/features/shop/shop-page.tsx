import { keepPreviousData, useInfiniteQuery } from "@tanstack/react-query";
import { useDeferredValue, useState } from "react";
import type { ProductView } from "../../../../contracts/http/products.ts";
import { get, type Page as PageOf, withQuery } from "../../api/http.ts";
import type { PageProps } from "../../app.tsx";
import { Money } from "../../ui/format.tsx";
import { More } from "../../ui/more.tsx";
import { Page } from "../../ui/page.tsx";
import { Empty, Loading } from "../../ui/states.tsx";
import { OrderDialog } from "./order-dialog.tsx";

const Product = ({ product, onOrder }: { product: ProductView; onOrder: (() => void) | null }) => {
	const soldOut = product.stock === 0;
	return (
		<li className="card flex min-h-36 flex-col gap-2">
			<h2 className="font-medium" dir="auto">
				{product.name}
			</h2>
			<p className="text-lg">
				<Money of={product.price} />
			</p>
			<div className="mt-auto flex items-center justify-between gap-2">
				<span className="text-muted text-sm">
					{soldOut ? "Sold out" : product.stock === undefined ? "In stock" : `${product.stock} left`}
				</span>
				{onOrder && (
					<button type="button" className="btn btn-main btn-small" disabled={soldOut} onClick={onOrder}>
						Order<span className="sr-only"> {product.name}</span>
					</button>
				)}
			</div>
		</li>
	);
};

const ShopPage = ({ me }: PageProps) => {
	const [typed, setTyped] = useState("");
	const q = useDeferredValue(typed.trim());
	const [ordering, setOrdering] = useState<ProductView>();
	const products = useInfiniteQuery({
		queryKey: ["products", q],
		queryFn: ({ pageParam }) => get<PageOf<ProductView>>(withQuery("/v1/products", { q, limit: 24, cursor: pageParam })),
		initialPageParam: undefined as string | undefined,
		getNextPageParam: ({ nextCursor }) => nextCursor ?? undefined,
		placeholderData: keepPreviousData,
	});
	const mayOrder = me.roles.includes("buyer");
	return (
		<Page
			title="Shop"
			wide
			actions={
				<input
					type="search"
					className="input max-w-72"
					placeholder="Name of a product"
					aria-label="Search by the start of the name"
					value={typed}
					onChange={(event) => setTyped(event.target.value)}
				/>
			}
		>
			{!mayOrder && <p className="mb-4 text-muted text-sm">This account sells. To order, log in as a buyer.</p>}
			<Loading of={products}>
				{({ pages }) => {
					const items = pages.flatMap((page) => page.items);
					if (items.length === 0) return <Empty title={q ? "No product begins like that" : "Nothing is on offer yet"} />;
					return (
						<ul className="grid gap-3 sm:grid-cols-2 lg:grid-cols-3">
							{items.map((product) => (
								<Product key={product.id} product={product} onOrder={mayOrder ? () => setOrdering(product) : null} />
							))}
						</ul>
					);
				}}
			</Loading>
			<More of={products} />
			{ordering && <OrderDialog product={ordering} onClose={() => setOrdering(undefined)} />}
		</Page>
	);
};
export default ShopPage;
