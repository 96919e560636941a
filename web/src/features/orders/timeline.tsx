import type { OrderView } from "../../../../contracts/http/orders.ts";
import { Name, Time } from "../../ui/format.tsx";
import { Loading } from "../../ui/states.tsx";
import { useHistory } from "./queries.ts";
import { statusName } from "./status.tsx";

const byWhom = (order: OrderView, by: string): string =>
	by === order.buyerId
		? "by the buyer"
		: by === order.sellerId
			? "by the seller"
			: by === "system" || by === "payment"
				? `by ${by}`
				: "";

export const Timeline = ({ order }: { order: OrderView }) => (
	<section className="card" aria-labelledby="history">
		<h2 id="history" className="mb-3 font-medium">
			History
		</h2>
		<Loading of={useHistory(order)}>
			{({ items }) => (
				<ol className="grid gap-4 border-line border-s-2 ps-4" aria-live="polite">
					{items.map(({ from, to, by, reason, at }) => (
						<li
							key={`${at} ${to}`}
							className="relative before:absolute before:start-[-1.4rem] before:top-1.5 before:size-2.5 before:rounded-full before:bg-accent"
						>
							<p className="font-medium text-sm">{from === to ? "News of where it is" : statusName(to)}</p>
							<p className="text-muted text-sm">
								<Time at={at} /> {byWhom(order, by)}
							</p>
							{reason && (
								<p className="text-sm">
									<Name>{reason}</Name>
								</p>
							)}
						</li>
					))}
				</ol>
			)}
		</Loading>
	</section>
);
