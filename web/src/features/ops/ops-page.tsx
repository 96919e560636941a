import { type ComponentType, lazy } from "react";
import type { PageProps } from "../../app.tsx";
import { Page } from "../../ui/page.tsx";
import { Tabs } from "../../ui/tabs.tsx";
import { NodesTab } from "./nodes-tab.tsx";

const tabs: Readonly<Record<string, { name: string; tab: ComponentType }>> = {
	nodes: { name: "Nodes", tab: NodesTab },
	ring: { name: "Ring", tab: lazy(() => import("./ring-tab.tsx")) },
	connections: { name: "Connections", tab: lazy(() => import("./connections-tab.tsx")) },
	"dead-letters": { name: "Dead letters", tab: lazy(() => import("./dead-letters-tab.tsx")) },
	mails: { name: "Mails", tab: lazy(() => import("./mails-tab.tsx")) },
	users: { name: "Users", tab: lazy(() => import("./users-tab.tsx")) },
	audit: { name: "Audit", tab: lazy(() => import("./audit-tab.tsx")) },
};

const pathOf = (name: string): string => (name === "nodes" ? "/app/ops" : `/app/ops/${name}`);

const OpsPage = ({ params }: PageProps) => {
	const { tab: Tab } = tabs[params.tab ?? "nodes"] ?? { tab: NodesTab };
	return (
		<Page title="Operations" wide>
			<Tabs
				label="Operations"
				tabs={Object.entries(tabs).map(([name, { name: words }]) => ({ to: pathOf(name), name: words }))}
			/>
			<Tab />
		</Page>
	);
};
export default OpsPage;
