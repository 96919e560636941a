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

/** One page may have several addresses: going from one to the other keeps it. */
const page = (patterns: string | readonly string[], load: Load, role?: Role) => {
	const one = typeof patterns === "string";
	return { patterns: one ? [patterns] : patterns, page: lazy(load), role, stays: !one };
};

const pages = [
	page(["/", "/app", "/app/shop", "/app/login"], () => import("./features/shop/shop-page.tsx")),
	page("/app/orders", () => import("./features/orders/orders-page.tsx")),
	page("/app/orders/:id", () => import("./features/orders/order-page.tsx")),
	page("/app/orders/:id/confirm", () => import("./features/orders/confirm-page.tsx")),
	page("/app/seller", () => import("./features/seller/incoming-page.tsx"), "seller"),
	page("/app/seller/products", () => import("./features/seller/products-page.tsx"), "seller"),
	page(["/app/ops", "/app/ops/:tab"], () => import("./features/ops/ops-page.tsx"), "admin"),
	page("/app/playground", () => import("./features/playground/playground-page.tsx")),
	page("/app/preferences", () => import("./features/inbox/preferences-page.tsx")),
	page("/app/account", () => import("./features/account/account-page.tsx")),
	page(["/app/chat", "/app/chat/:id"], () => import("./features/chat/chat-page.tsx")),
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
	for (const { patterns, page: Found, role, stays } of pages) {
		const params = patterns.map((pattern) => match(pattern, path)).find((found) => found !== null);
		if (!params) continue;
		if (role && !me.roles.includes(role)) return <Nowhere />;
		return <Found me={me} params={params} key={stays ? patterns[0] : path} />;
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
				<ErrorBoundary place={path}>
					<Suspense fallback={<Waiting />}>
						<Content />
					</Suspense>
				</ErrorBoundary>
			</Layout>
			<Toasts />
		</>
	);
};
