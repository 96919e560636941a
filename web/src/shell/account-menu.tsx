import { toast } from "sonner";
import type { Me } from "../../../contracts/http/auth.ts";
import { wordsOf } from "../api/problem.ts";
import { logout } from "../api/session.ts";
import { useStore } from "../api/store.ts";
import { Link } from "../router/router.tsx";
import { Name } from "../ui/format.tsx";
import { Icon } from "../ui/icons.tsx";
import { Disclosure } from "../ui/menu.tsx";
import { choose, type Theme, theme } from "./theme.ts";

const leave = (): void => {
	logout().catch((error: unknown) => toast.error(`You are still logged in: ${wordsOf(error)}`));
};

const row = "flex min-h-11 w-full items-center rounded-lg px-3 text-start text-sm hover:bg-sunken";

const ThemeChoice = () => {
	const chosen = useStore(theme);
	return (
		<fieldset className="px-3 py-2">
			<legend className="mb-1 text-muted text-xs">Appearance</legend>
			<div className="flex gap-1">
				{(["system", "light", "dark"] satisfies Theme[]).map((name) => (
					<button
						key={name}
						type="button"
						aria-pressed={chosen === name}
						className="btn btn-small btn-quiet capitalize aria-pressed:bg-accent-soft aria-pressed:text-accent"
						onClick={() => choose(name)}
					>
						{name}
					</button>
				))}
			</div>
		</fieldset>
	);
};

export const AccountMenu = ({ me }: { me: Me }) => (
	<Disclosure
		label={`Account of ${me.name}`}
		className="btn btn-quiet btn-small min-h-11 max-w-40"
		panelClassName="w-64 p-2"
		button={
			<>
				<Icon name="person" />
				<Name className="hidden truncate sm:inline">{me.name}</Name>
			</>
		}
	>
		{(close) => (
			<>
				<div className="border-line border-b px-3 pb-2">
					<p className="truncate font-medium" dir="auto">
						{me.name}
					</p>
					<p className="truncate text-muted text-sm">{me.email}</p>
					<p className="text-muted text-xs">{me.roles.join(", ")}</p>
				</div>
				<Link to="/app/account" className={row} onClick={close}>
					Account and sessions
				</Link>
				<Link to="/app/preferences" className={row} onClick={close}>
					Notifications
				</Link>
				<Link to="/app/playground" className={`${row} md:hidden`} onClick={close}>
					Playground
				</Link>
				<a href="/docs" className={`${row} md:hidden`}>
					API documentation
				</a>
				<ThemeChoice />
				<button type="button" className={row} onClick={leave}>
					Log out
				</button>
			</>
		)}
	</Disclosure>
);
