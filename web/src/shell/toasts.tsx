import { Toaster } from "sonner";
import { useStore } from "../api/store.ts";
import { theme } from "./theme.ts";

export const Toasts = () => (
	<Toaster
		theme={useStore(theme)}
		position="bottom-right"
		richColors
		closeButton
		offset={{ bottom: "5rem" }}
		mobileOffset={{ bottom: "5rem" }}
	/>
);
