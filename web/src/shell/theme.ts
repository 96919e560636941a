import { createStore } from "../api/store.ts";

export type Theme = "system" | "light" | "dark";

const key = "souk-theme";
const kept = localStorage.getItem(key);

export const theme = createStore<Theme>(kept === "light" || kept === "dark" ? kept : "system");

const show = (chosen: Theme): void => {
	if (chosen === "system") delete document.documentElement.dataset.theme;
	else document.documentElement.dataset.theme = chosen;
};

export const choose = (chosen: Theme): void => {
	localStorage.setItem(key, chosen);
	theme.set(chosen);
	show(chosen);
};

show(theme.get());
