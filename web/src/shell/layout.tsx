import { type ReactNode, useEffect } from "react";
import { session } from "../api/session.ts";
import { useStore } from "../api/store.ts";
import { Bell } from "../features/inbox/bell.tsx";
import { toastNews } from "../features/inbox/toasts.ts";
import icon from "../icon.svg";
import { followInbox } from "../live/inbox.ts";
import { Link } from "../router/router.tsx";
import { AccountMenu } from "./account-menu.tsx";
import { ConnectionDot, OfflineBanner } from "./connection-dot.tsx";
import { SideNav, TabBar } from "./nav.tsx";

const skip =
	"sr-only focus:not-sr-only focus:fixed focus:start-3 focus:top-3 focus:z-50 focus:rounded-lg focus:bg-accent focus:px-4 focus:py-3 focus:text-accent-ink";

export const Layout = ({ children }: { children: ReactNode }) => {
	const state = useStore(session);
	const me = state.kind === "signed-in" ? state.me : null;
	const id = me?.id;
	useEffect(() => {
		if (id === undefined) return undefined;
		void followInbox(id);
		return toastNews();
	}, [id]);
	return (
		<>
			<a href="#main" className={skip}>
				Skip to the content
			</a>
			<header className="sticky top-0 z-20 flex h-14 items-center gap-3 border-line border-b bg-surface px-3 sm:px-4">
				<Link to="/app/shop" className="flex min-h-11 items-center gap-2 font-semibold text-lg">
					<img src={icon} alt="" width="28" height="28" />
					Souk
				</Link>
				<div className="ms-auto flex items-center gap-1 sm:gap-3">
					{me && (
						<>
							<ConnectionDot />
							<Bell />
							<AccountMenu me={me} />
						</>
					)}
				</div>
			</header>
			<OfflineBanner />
			<div className="flex">
				{me && <SideNav me={me} />}
				{/* Its place is kept while the session is asked for, so that nothing moves when it comes. */}
				{state.kind === "starting" && <div className="hidden w-52 shrink-0 border-line border-e md:block" />}
				<main id="main" tabIndex={-1} className="min-w-0 flex-1 outline-none">
					{children}
				</main>
			</div>
			{me && <TabBar me={me} />}
		</>
	);
};
