import { Link, usePath } from "../router/router.tsx";

/** Links between the pages of one place. */
export const Tabs = ({ label, tabs }: { label: string; tabs: readonly { to: string; name: string }[] }) => {
	const path = usePath();
	return (
		<nav aria-label={label} className="mb-5 flex gap-1 overflow-x-auto border-line border-b p-1">
			{tabs.map(({ to, name }) => (
				<Link
					key={to}
					to={to}
					aria-current={path === to ? "page" : undefined}
					className="whitespace-nowrap rounded-t-lg border-transparent border-b-2 px-3 py-2 font-medium text-muted text-sm hover:text-ink aria-[current]:border-accent aria-[current]:text-accent"
				>
					{name}
				</Link>
			))}
		</nav>
	);
};
