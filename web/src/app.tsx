import { type ComponentType, lazy, Suspense } from "react";
import type { Me } from "../../contracts/http/auth.ts";
import { session, start } from "./api/session.ts";
import { useStore } from "./api/store.ts";
import { LoginPage } from "./features/auth/login-page.tsx";
import { match, type Params, usePath } from "./router/router.tsx";
import { ErrorBoundary } from "./shell/error-boundary.tsx";
import { Layout } from "./shell/layout.tsx";
import { Toasts } from "./shell/toasts.tsx";
import { Page } from "./ui/page.tsx";
import { Empty, Failed, Skeletons } from "./ui/states.tsx";

export interface PageProps {
	me: Me;
	params: Params;
}

type Role = Me["roles"][number];
type Load = () => Promise<{ default: ComponentType<PageProps> }>;

const page = (pattern: string, load: Load, role?: Role) => ({ pattern, page: lazy(load), role });

const shop: Load = () => import("./features/shop/shop-page.tsx");
const pages = [
	page("/", shop),
	page("/app", shop),
	page("/app/shop", shop),
	page("/app/orders", () => import("./features/orders/orders-page.tsx")),
	page("/app/orders/:id", () => import("./features/orders/order-page.tsx")),
	page("/app/orders/:id/confirm", () => import("./features/orders/confirm-page.tsx")),
];

const open = (pattern: string, load: () => Promise<{ default: ComponentType }>) => ({ pattern, page: lazy(load) });
/** For people without a session, and with one. */
const openPages = [
	open("/app/register", () => import("./features/auth/register-page.tsx")),
	open("/app/forgot-password", () => import("./features/auth/forgot-page.tsx")),
	open("/app/reset-password", () => import("./features/auth/reset-page.tsx")),
	open("/app/verify-email", () => import("./features/auth/verify-page.tsx")),
];

const Waiting = () => (
	<div className="mx-auto w-full max-w-4xl px-4 py-6 sm:px-6">
		<div className="skeleton mb-5 h-11 w-48" />
		<Skeletons />
	</div>
);

const Nowhere = () => (
	<Page title="Not here">
		<Empty title="There is no such page">Follow one of the links above or below.</Empty>
	</Page>
);

const MemberPage = ({ me, path }: { me: Me; path: string }) => {
	for (const { pattern, page: Found, role } of pages) {
		const params = match(pattern, path);
		if (!params) continue;
		return role && !me.roles.includes(role) ? <Nowhere /> : <Found me={me} params={params} key={path} />;
	}
	return <Nowhere />;
};

const Content = () => {
	const state = useStore(session);
	const path = usePath();
	const openPage = openPages.find(({ pattern }) => match(pattern, path));
	if (openPage) return <openPage.page />;
	if (state.kind === "starting") return <Waiting />;
	if (state.kind === "unreachable") {
		return (
			<Page title="Souk">
				<Failed error={state.error} again={() => void start()} />
			</Page>
		);
	}
	if (state.kind === "anonymous") return <LoginPage />;
	return <MemberPage me={state.me} path={path} />;
};

export const App = () => {
	const path = usePath();
	return (
		<>
			<Layout>
				<ErrorBoundary key={path}>
					<Suspense fallback={<Waiting />}>
						<Content />
					</Suspense>
				</ErrorBoundary>
			</Layout>
			<Toasts />
		</>
	);
};
