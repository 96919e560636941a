import type { Me } from "../../../contracts/http/auth.ts";
import { Link, usePath } from "../router/router.tsx";
import { Icon, type IconName } from "../ui/icons.tsx";

interface Place {
	to: string;
	name: string;
	icon: IconName;
	role?: Me["roles"][number];
	/** Not among the few that fit on a phone. */
	lesser?: true;
}

const places: readonly Place[] = [
	{ to: "/app/shop", name: "Shop", icon: "shop" },
	{ to: "/app/orders", name: "Orders", icon: "orders" },
	{ to: "/app/seller", name: "Selling", icon: "seller", role: "seller" },
	{ to: "/app/chat", name: "Chat", icon: "chat" },
	{ to: "/app/ops", name: "Ops", icon: "ops", role: "admin" },
	{ to: "/app/playground", name: "Playground", icon: "play", lesser: true },
];

export const placesOf = ({ roles }: Me): readonly Place[] => places.filter(({ role }) => !role || roles.includes(role));

const isHere = (path: string, to: string): boolean =>
	path === to || path.startsWith(`${to}/`) || (to === "/app/shop" && (path === "/" || path === "/app"));

export const SideNav = ({ me }: { me: Me }) => {
	const path = usePath();
	return (
		<nav
			aria-label="Main"
			className="sticky top-14 hidden h-[calc(100dvh-3.5rem)] w-52 shrink-0 flex-col gap-1 border-line border-e p-3 md:flex"
		>
			{placesOf(me).map(({ to, name, icon }) => (
				<Link
					key={to}
					to={to}
					aria-current={isHere(path, to) ? "page" : undefined}
					className="flex min-h-11 items-center gap-3 rounded-lg px-3 font-medium text-sm hover:bg-sunken aria-[current]:bg-accent-soft aria-[current]:text-accent"
				>
					<Icon name={icon} />
					{name}
				</Link>
			))}
			<a href="/docs" className="mt-auto flex min-h-11 items-center px-3 text-muted text-sm hover:underline">
				API documentation
			</a>
		</nav>
	);
};

export const TabBar = ({ me }: { me: Me }) => {
	const path = usePath();
	return (
		<nav
			aria-label="Main"
			className="fixed inset-x-0 bottom-0 z-20 flex border-line border-t bg-surface pb-[env(safe-area-inset-bottom)] md:hidden"
		>
			{placesOf(me)
				.filter(({ lesser }) => !lesser)
				.map(({ to, name, icon }) => (
					<Link
						key={to}
						to={to}
						aria-current={isHere(path, to) ? "page" : undefined}
						className="flex min-h-14 flex-1 flex-col items-center justify-center gap-0.5 text-muted text-xs aria-[current]:font-semibold aria-[current]:text-accent"
					>
						<Icon name={icon} />
						{name}
					</Link>
				))}
		</nav>
	);
};
