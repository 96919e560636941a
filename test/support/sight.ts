import { readdirSync, readFileSync } from "node:fs";
import { parse } from "yaml";
import { type Asked, askedBy } from "./promql.ts";

// What docker/ provisions Prometheus and Grafana with, and what that asks of a scrape.

export interface Panel {
	type: string;
	title: string;
	description: string;
	datasource: { type: string; uid: string };
	gridPos: { x: number; y: number; w: number; h: number };
	fieldConfig: { defaults: { unit: string } };
	targets: { expr: string; datasource: { uid: string } }[];
}

export interface Dashboard {
	uid: string;
	title: string;
	schemaVersion: number;
	tags: string[];
	templating: { list: { name: string; type: string; definition?: string }[] };
	panels: (Panel & { id: number })[];
}

export interface Rule {
	alert: string;
	expr: string;
	labels: { severity: string };
	annotations: Record<"summary" | "description" | "action" | "runbook_url", string>;
}

const docker = new URL("../../docker/", import.meta.url);

export const dashboards = (): Dashboard[] =>
	readdirSync(new URL("grafana/dashboards", docker))
		.filter((name) => name.endsWith(".json"))
		.map((name) => JSON.parse(readFileSync(new URL(`grafana/dashboards/${name}`, docker), "utf8")) as Dashboard);

export const ruleFile = (): { groups: { name: string; rules: Rule[] }[] } =>
	parse(readFileSync(new URL("prometheus/alerts.yaml", docker), "utf8"));

export const rules = (): Rule[] => ruleFile().groups.flatMap((group) => group.rules);

export const panels = (): Panel[] => dashboards().flatMap((dashboard) => dashboard.panels.filter(({ type }) => type !== "row"));

/** Of all panels and alerts. */
export const allAsked = (): Asked[] =>
	[...panels().flatMap(({ targets }) => targets), ...rules()].flatMap(({ expr }) => askedBy(expr));

/** By whoever scrapes. */
export const fromPrometheus = new Set(["up"]);

/** The metrics of a page in Prometheus' format, and the labels that their series have; none, where there is no series yet. */
export const metricsOf = (page: string): Map<string, Set<string>> => {
	const found = new Map<string, Set<string>>();
	for (const line of page.split("\n")) {
		const [, typed = "", type] = /^# TYPE (\S+) (\S+)$/.exec(line) ?? [];
		for (const name of type === "histogram" ? ["_bucket", "_sum", "_count"].map((end) => typed + end) : [typed])
			if (name && !found.has(name)) found.set(name, new Set());
		const [, name = "", labels = ""] = /^([a-z_A-Z0-9:]+)(?:\{(.*)\})? /.exec(line) ?? [];
		if (line.startsWith("#") || !name) continue;
		const known = found.get(name) ?? found.set(name, new Set()).get(name);
		for (const [, label = ""] of labels.matchAll(/(\w+)="(?:[^"\\]|\\.)*"/g)) known?.add(label);
	}
	return found;
};
