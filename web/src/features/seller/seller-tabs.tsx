import { Tabs } from "../../ui/tabs.tsx";

export const SellerTabs = () => (
	<Tabs
		label="Selling"
		tabs={[
			{ to: "/app/seller", name: "Incoming orders" },
			{ to: "/app/seller/products", name: "Products" },
		]}
	/>
);
