interface Paged {
	hasNextPage: boolean;
	isFetchingNextPage: boolean;
	fetchNextPage(): unknown;
}

export const More = ({ of }: { of: Paged }) =>
	of.hasNextPage ? (
		<div className="mt-4 text-center">
			<button type="button" className="btn" disabled={of.isFetchingNextPage} onClick={() => of.fetchNextPage()}>
				{of.isFetchingNextPage ? "Loading…" : "Load more"}
			</button>
		</div>
	) : null;
