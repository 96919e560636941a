import { useInfiniteQuery } from "@tanstack/react-query";
import { useState } from "react";
import type { ProductView } from "../../../../contracts/http/products.ts";
import { get, type Page as PageOf, withQuery } from "../../api/http.ts";
import type { PageProps } from "../../app.tsx";
import { Money, Name } from "../../ui/format.tsx";
import { More } from "../../ui/more.tsx";
import { Page } from "../../ui/page.tsx";
import { Empty, Loading } from "../../ui/states.tsx";
import { ProductDialog } from "./product-dialog.tsx";
import { SellerTabs } from "./seller-tabs.tsx";

const ProductsPage = ({ me }: PageProps) => {
	const [editing, setEditing] = useState<ProductView | null>();
	const products = useInfiniteQuery({
		queryKey: ["products", "all"],
		queryFn: ({ pageParam }) => get<PageOf<ProductView>>(withQuery("/v1/products", { limit: 100, cursor: pageParam })),
		initialPageParam: undefined as string | undefined,
		getNextPageParam: ({ nextCursor }) => nextCursor ?? undefined,
	});
	return (
		<Page
			title="Selling"
			actions={
				<button type="button" className="btn btn-main" onClick={() => setEditing(null)}>
					Offer a product
				</button>
			}
		>
			<SellerTabs />
			<Loading of={products}>
				{({ pages }) => {
					// The catalogue is one for all sellers; of a long one, one's own may be on a later page.
					const mine = pages.flatMap((page) => page.items).filter(({ sellerId }) => sellerId === me.id);
					if (mine.length === 0) return <Empty title="You offer nothing yet" />;
					return (
						<ul className="grid gap-3">
							{mine.map((product) => (
								<li key={product.id} className="card flex items-center justify-between gap-3">
									<span className="min-w-0">
										<span className="block truncate font-medium">
											<Name>{product.name}</Name>
										</span>
										<span className="text-muted text-sm">
											<Money of={product.price} />
											{product.stock !== undefined && ` · ${product.stock} left`}
										</span>
									</span>
									<button type="button" className="btn btn-small" onClick={() => setEditing(product)}>
										Change<span className="sr-only"> {product.name}</span>
									</button>
								</li>
							))}
						</ul>
					);
				}}
			</Loading>
			<More of={products} />
			{editing !== undefined && <ProductDialog product={editing} onClose={() => setEditing(undefined)} />}
		</Page>
	);
};
export default ProductsPage;
