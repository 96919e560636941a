import type { CSSProperties } from "react";
import { Toaster } from "sonner";
import { useStore } from "../api/store.ts";
import { theme } from "./theme.ts";

const colours = {
	"--normal-bg": "var(--surface)",
	"--normal-text": "var(--ink)",
	"--normal-border": "var(--edge)",
} as CSSProperties;
/** Above the bar of a phone. */
const offset = { bottom: "5rem" };

export const Toasts = () => (
	<Toaster
		theme={useStore(theme)}
		position="bottom-right"
		closeButton
		offset={offset}
		mobileOffset={offset}
		style={colours}
		toastOptions={{
			classNames: {
				description: "text-muted!",
				error: "text-danger!",
				success: "text-ok!",
				actionButton: "bg-accent! text-accent-ink!",
			},
		}}
	/>
);
