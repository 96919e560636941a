import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { type MetricName, metricTable } from "../../contracts/metrics.ts";
import { kustomize } from "../support/kustomize.ts";
import { askedBy } from "../support/promql.ts";
import { needsCommand } from "../support/servers.ts";
import { allAsked, dashboards, fromPrometheus, panels, ruleFile, rules } from "../support/sight.ts";

const folder = fileURLToPath(new URL("../../docker/prometheus", import.meta.url));
/** By whoever scrapes; and what a label of the metric is called then, if it is one of these. */
const ofTargets = ["job", "service", "instance", "exported_service"];

describe("dashboards and alerts", function () {
	this.timeout(60_000);

	it("are what promtool takes, and each alert fires on what it is for, and on nothing else", function () {
		needsCommand(this, "promtool");
		for (const args of [
			["check", "config", "prometheus.yaml"],
			["check", "rules", "alerts.yaml"],
			["test", "rules", "alerts.test.yaml"],
		]) {
			const { status, stdout, stderr } = spawnSync("promtool", args, { cwd: folder, encoding: "utf8" });
			assert.equal(status, 0, `${args.join(" ")}:\n${stdout}${stderr}`);
		}
		const tested = readFileSync(`${folder}/alerts.test.yaml`, "utf8");
		for (const { alert } of rules()) assert.ok(tested.includes(`alertname="${alert}"`), `no test makes ${alert} fire`);
	});

	it("say of each alert what it means and what to do first, and where more is written", () => {
		for (const { alert, labels, annotations } of rules()) {
			assert.match(labels.severity, /^(page|ticket)$/, alert);
			assert.ok(annotations.summary && annotations.description && annotations.action, alert);
			assert.equal(annotations.runbook_url, `docs/operations.md#${alert.toLowerCase()}`);
		}
		assert.equal(new Set(rules().map(({ alert }) => alert)).size, rules().length);
	});

	it("draw each panel by a data source that may be chosen, with a unit, beside the others", () => {
		assert.deepEqual(dashboards().map(({ uid }) => uid).sort(), ["souk-bus", "souk-commerce", "souk-services", "souk-streams"]); // biome-ignore format: one line
		for (const { title, schemaVersion, templating, panels: all } of dashboards()) {
			assert.ok(schemaVersion >= 39, title);
			assert.deepEqual(templating.list.map(({ name, type }) => [name, type]), [["datasource", "datasource"], ["service", "query"]], title); // biome-ignore format: one line
			assert.equal(new Set(all.map(({ id }) => id)).size, all.length, title);
			for (const [index, { gridPos: a, title: name }] of all.entries()) {
				assert.ok(a.x + a.w <= 24, name);
				for (const { gridPos: b } of all.slice(0, index)) assert.ok(a.x >= b.x + b.w || b.x >= a.x + a.w || a.y >= b.y + b.h || b.y >= a.y + a.h, `${title}: ${name}`); // biome-ignore format: one line
			}
		}
		for (const { title, description, datasource, fieldConfig, targets } of panels()) {
			assert.ok(description && fieldConfig.defaults.unit && targets.length > 0, title);
			for (const { uid } of [datasource, ...targets.map((target) => target.datasource)])
				assert.ok(uid.startsWith("$") && uid.includes("datasource"), title);
		}
	});

	it("ask our own metrics for labels that they have", () => {
		for (const { metric, labels } of allAsked()) {
			const name = metric.replace(/_(bucket|sum|count)$/, "");
			const spec = metricTable[(metric in metricTable ? metric : name) as MetricName];
			const known = spec ? [...spec.labels, ...(spec.type === "histogram" ? ["le"] : [])] : null;
			if (known) assert.deepEqual(labels.filter((label) => ![...ofTargets, ...known].includes(label)), [], metric); // biome-ignore format: one line
			else assert.match(metric, /^(moleculer|process|nodejs)_/.test(metric) || fromPrometheus.has(metric) ? /./ : /^$/, `nobody has ${metric}`); // biome-ignore format: one line
		}
	});

	it("read PromQL as Prometheus does", () => {
		assert.deepEqual(askedBy('sum by (a) (rate(x_total{b="by (c)"}[$__rate_interval])) / on (d) group_left y'), [
			{ metric: "x_total", labels: ["b", "a"] },
			{ metric: "y", labels: [] },
		]);
		assert.throws(() => askedBy("sum(rate(x[5m])"));
		assert.throws(() => askedBy("rate(x[5m]) by"));
	});

	it("are the same on Kubernetes, where pods have the labels by which they ask", function () {
		needsCommand(this, "kubectl");
		const all = kustomize("prod");
		assert.deepEqual(all.find(({ kind }) => kind === "PrometheusRule")?.spec, ruleFile(), "copy the groups of docker/prometheus/alerts.yaml to k8s/overlays/prod/alerts.yaml"); // biome-ignore format: one line
		const monitor = all.find(({ kind }) => kind === "PodMonitor");
		const relabelings: { targetLabel: string }[] = monitor?.spec.podMetricsEndpoints[0].relabelings;
		assert.deepEqual(relabelings.map(({ targetLabel }) => targetLabel), ["service", "instance", "job"]); // biome-ignore format: one line
		const drawn = all.find(({ kind, metadata }) => kind === "ConfigMap" && metadata.name.startsWith("dashboards"));
		assert.equal(drawn?.metadata.labels?.grafana_dashboard, "1");
		assert.deepEqual(Object.values(drawn?.data ?? {}).map((text) => JSON.parse(text).uid).sort(), dashboards().map(({ uid }) => uid).sort()); // biome-ignore format: one line
	});
});
