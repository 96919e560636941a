import { QueryClientProvider } from "@tanstack/react-query";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import "./styles.css";
import "./shell/theme.ts";
import { queries } from "./api/queries.ts";
import { start } from "./api/session.ts";
import { App } from "./app.tsx";

const reloadedAt = "souk-reloaded";

// A page of before an update asks for files that are gone: the new index knows the new names. Once in a while, or a file that
// is really missing would make it go round.
addEventListener("vite:preloadError", () => {
	if (Date.now() - Number(sessionStorage.getItem(reloadedAt)) < 60_000) return;
	sessionStorage.setItem(reloadedAt, String(Date.now()));
	location.reload();
});

void start();

const root = document.getElementById("root");
if (root) {
	createRoot(root).render(
		<StrictMode>
			<QueryClientProvider client={queries}>
				<App />
			</QueryClientProvider>
		</StrictMode>,
	);
}
