import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { serviceNames, variables } from "../../config/variables.ts";
import { kustomize, type Manifest, overlays } from "../support/kustomize.ts";
import { needsCommand } from "../support/servers.ts";

// What Kubernetes would take and an operator would not.

const workloadKinds = ["Deployment", "StatefulSet", "Job"];

interface Container {
	name: string;
	image: string;
	ports?: { name: string; containerPort: number }[];
	env?: { name: string; value?: string }[];
	securityContext: object;
	resources: { requests: { cpu: string; memory: string }; limits: { memory: string } };
	startupProbe: Probe;
	livenessProbe: Probe;
	readinessProbe: Probe;
	lifecycle: { preStop: { sleep: { seconds: number } } };
}

interface Probe {
	httpGet: { path: string; port: string };
}

type Labels = Readonly<Record<string, string>>;

const workloads = (all: readonly Manifest[]): Manifest[] => all.filter(({ kind }) => workloadKinds.includes(kind));
const podOf = ({ spec }: Manifest) => spec.template.spec;
const labelsOf = ({ spec }: Manifest): Labels => spec.template.metadata.labels;
const containersOf = (workload: Manifest): Container[] => podOf(workload).containers;
const isNode = (workload: Manifest): boolean => labelsOf(workload)["souk/node"] === "true";
const portOf = (workload: Manifest, name: string | number): boolean =>
	containersOf(workload).some(({ ports = [] }) => ports.some((port) => port.name === name || port.containerPort === name));

interface Selector {
	matchLabels?: Labels;
	matchExpressions?: { key: string; operator: string; values: string[] }[];
}

const matches = ({ matchLabels = {}, matchExpressions = [] }: Selector, labels: Labels): boolean => {
	assert.ok(matchExpressions.every(({ operator }) => operator === "In"));
	const named = Object.entries(matchLabels).every(([key, value]) => labels[key] === value);
	return named && matchExpressions.every(({ key, values }) => values.includes(labels[key] ?? ""));
};

interface Rule {
	from?: { podSelector?: Selector; namespaceSelector?: Selector }[];
	to?: { podSelector?: Selector; namespaceSelector?: Selector }[];
	ports?: { port: string | number }[];
}

/** Whether one side of a connection between two workloads of this namespace is open. */
const opens = (
	policies: readonly Manifest[],
	side: "ingress" | "egress",
	own: Manifest,
	other: Manifest,
	port: string,
): boolean =>
	policies
		.filter(({ spec }) => matches(spec.podSelector, labelsOf(own)))
		.flatMap(({ spec }) => (spec[side] ?? []) as Rule[])
		.some(({ from, to, ports = [] }) => {
			const peers = side === "ingress" ? from : to;
			const target = side === "ingress" ? own : other;
			const named = ports.length === 0 || ports.some((one) => one.port === port || containersOf(target).some(({ ports: all = [] }) => all.some(({ name, containerPort }) => name === port && containerPort === one.port))); // biome-ignore format: one line
			// A rule without peers is for the world, which this namespace is a part of.
			return named && (!peers || peers.some(({ podSelector, namespaceSelector }) => podSelector !== undefined && !namespaceSelector && matches(podSelector, labelsOf(other)))); // biome-ignore format: one line
		});

describe("the manifests, held against what we want of them", function () {
	this.timeout(60_000);
	const built = new Map<string, Manifest[]>();
	before(function () {
		needsCommand(this, "kubectl");
		for (const overlay of overlays) built.set(overlay, kustomize(overlay));
	});

	const each = (name: string, check: (all: readonly Manifest[], overlay: string) => void): void => {
		for (const overlay of overlays) it(`${overlay}: ${name}`, () => check(built.get(overlay) ?? [], overlay));
	};

	each("every service runs, each in pods of its own", (all) => {
		const run = workloads(all)
			.filter(isNode)
			.map((workload) => [
				workload.metadata.name,
				containersOf(workload)[0]?.env?.find(({ name }) => name === "SERVICES")?.value,
			]);
		assert.deepEqual(run.sort(), [...serviceNames].map((name) => [name, name]).sort());
	});

	each("what nodes are told by the environment is what they know", (all) => {
		const known = new Set([...Object.keys(variables), "POD_NAME", "POD_NAMESPACE"]);
		const config = all.filter(({ kind, metadata }) => kind === "ConfigMap" && metadata.name.startsWith("souk"));
		const named = [
			...workloads(all).filter(isNode).flatMap(containersOf).flatMap(({ env = [] }) => env.map(({ name }) => name)), // biome-ignore format: one line
			...config.flatMap(({ data = {} }) => Object.keys(data)),
			...all.filter(({ kind }) => kind === "Secret").flatMap(({ stringData = {} }) => Object.keys(stringData)),
		];
		assert.deepEqual(named.filter((name) => !known.has(name)), []); // biome-ignore format: one line
		assert.ok(config.every(({ data = {} }) => Object.keys(data).every((name) => !/KEY(S)?$|SECRET|PASSWORD|_URL$|TRANSPORTER/.test(name) || name === "PUBLIC_URL"))); // biome-ignore format: one line
	});

	each("selectors, ports and budgets fit what they are about", (all) => {
		for (const workload of workloads(all).filter(({ kind }) => kind !== "Job"))
			assert.ok(matches(workload.spec.selector, labelsOf(workload)), workload.metadata.name);
		for (const { metadata, spec } of all.filter(({ kind }) => kind === "Service")) {
			const behind = workloads(all).filter((workload) => matches({ matchLabels: spec.selector }, labelsOf(workload)));
			assert.equal(behind.length, 1, metadata.name);
			for (const { targetPort } of spec.ports) assert.ok(behind.every((workload) => portOf(workload, targetPort)), metadata.name); // biome-ignore format: one line
		}
		for (const { metadata, spec } of all.filter(({ kind }) => kind === "PodDisruptionBudget")) {
			const [about] = workloads(all).filter((workload) => matches(spec.selector, labelsOf(workload)));
			assert.ok(about, metadata.name);
			assert.equal(spec.maxUnavailable, 1);
		}
		const budgeted = all.filter(({ kind }) => kind === "PodDisruptionBudget").map(({ metadata }) => metadata.name);
		for (const workload of workloads(all).filter(isNode)) assert.ok(budgeted.includes(workload.metadata.name));
	});

	each("in production every node has the certificates of the servers, to be read by nobody else", (all, overlay) => {
		for (const workload of workloads(all).filter(isNode)) {
			const volumes = podOf(workload).volumes.filter(({ secret }: { secret?: object }) => secret);
			const wanted = { name: "tls", secret: { secretName: "souk-tls", optional: true, defaultMode: 0o440 } };
			assert.deepEqual(volumes, overlay === "dev" ? [] : [wanted], workload.metadata.name);
			const mounted = (podOf(workload).containers[0].volumeMounts as { name: string }[]).filter(({ name }) => name === "tls");
			assert.deepEqual(mounted, overlay === "dev" ? [] : [{ name: "tls", mountPath: "/run/souk/tls", readOnly: true }]);
		}
	});

	each("how many there are is said once: by an autoscaler, or here", (all) => {
		const scaled = all.filter(({ kind }) => kind === "HorizontalPodAutoscaler").map(({ spec }) => spec.scaleTargetRef);
		for (const { kind, name } of scaled)
			assert.ok(
				workloads(all).some((workload) => workload.kind === kind && workload.metadata.name === name),
				name,
			);
		for (const { kind, metadata, spec } of workloads(all).filter(isNode)) {
			const isScaled = scaled.some((target) => target.kind === kind && target.name === metadata.name);
			assert.equal(spec.replicas === undefined, isScaled, metadata.name);
		}
	});

	each("pods have no rights that they do not need", (all) => {
		for (const workload of workloads(all)) {
			const pod = podOf(workload);
			const { name } = workload.metadata;
			assert.equal(pod.automountServiceAccountToken, false, name);
			assert.equal(pod.securityContext.runAsNonRoot, true, name);
			assert.equal(pod.securityContext.seccompProfile.type, "RuntimeDefault", name);
			for (const { securityContext, resources } of containersOf(workload)) {
				assert.deepEqual(securityContext, { allowPrivilegeEscalation: false, capabilities: { drop: ["ALL"] }, readOnlyRootFilesystem: true }); // biome-ignore format: one line
				assert.ok(resources.requests.cpu && resources.requests.memory && resources.limits.memory, name);
			}
		}
		assert.equal(
			all.find(({ kind }) => kind === "Namespace")?.metadata.labels?.["pod-security.kubernetes.io/enforce"],
			"restricted",
		);
	});

	each("images are pinned", (all) => {
		for (const { image } of workloads(all).flatMap(containersOf)) assert.match(image, /:\d+\.\d+\.\d+(-[a-z]+)?$/);
	});

	each("nodes are asked how they are, and have longer to stop than they take", (all) => {
		for (const workload of workloads(all).filter(isNode)) {
			for (const { startupProbe, livenessProbe, readinessProbe, lifecycle } of containersOf(workload)) {
				assert.deepEqual(startupProbe.httpGet, { path: "/health/live", port: "metrics" });
				assert.deepEqual(livenessProbe.httpGet, startupProbe.httpGet);
				assert.deepEqual(readinessProbe.httpGet, { path: "/health/ready", port: "metrics" });
				assert.ok(podOf(workload).terminationGracePeriodSeconds > lifecycle.preStop.sleep.seconds + 15 + 5);
			}
		}
	});

	each("only those speak to each other who have something to say", (all) => {
		const policies = all.filter(({ kind }) => kind === "NetworkPolicy");
		const denied = policies.find(({ metadata }) => metadata.name === "deny-all");
		assert.deepEqual(denied?.spec, { podSelector: {}, policyTypes: ["Ingress", "Egress"] });
		const flows: string[] = [];
		for (const from of workloads(all))
			for (const to of workloads(all))
				for (const { name } of containersOf(to).flatMap(({ ports = [] }) => ports)) {
					if (opens(policies, "egress", from, to, name) && opens(policies, "ingress", to, from, name))
						flows.push(`${from.metadata.name} → ${to.metadata.name} ${name}`);
				}
		const withSockets = ["chat", "notification"];
		const servers = workloads(all).filter((workload) => labelsOf(workload)["souk/server"] && workload.kind === "StatefulSet");
		const wanted = [
			"edge → gateway http",
			...["edge", "gateway", ...withSockets].flatMap((from) => withSockets.map((to) => `${from} → ${to} sockets`)),
			...servers.flatMap(({ metadata: { name } }) => serviceNames.map((from) => `${from} → ${name} main`)),
			...(servers.length > 0 ? ["mongo-set → mongo main"] : []),
		];
		// The edge is for everybody.
		assert.deepEqual(flows.filter((flow) => !flow.endsWith("→ edge http")).sort(), wanted.sort()); // biome-ignore format: one line
	});
});

describe("nginx before the pods", function () {
	this.timeout(60_000);
	before(function () {
		needsCommand(this, "kubectl");
	});
	const read = (path: string): Promise<string> => readFile(new URL(`../../${path}`, import.meta.url), "utf8");
	const serversOf = (conf: string, upstream: string): string[] => {
		const [, block = ""] = new RegExp(`upstream ${upstream} \\{([^}]*)\\}`).exec(conf) ?? [];
		return [...block.matchAll(/server ([^\s;]+)/g)].map(([, name = ""]) => name);
	};

	it("has the ring that nodes have: the names under which pods advertise themselves, for as many as there may be", async () => {
		const conf = await read("edge/k8s/upstreams.conf");
		const all = kustomize("scale");
		for (const name of ["chat", "notification"]) {
			const set = all.find(({ kind, metadata }) => kind === "StatefulSet" && metadata.name === name);
			const most = all.find(({ kind, metadata }) => kind === "HorizontalPodAutoscaler" && metadata.name === name)?.spec.maxReplicas as number; // biome-ignore format: one line
			const advertised: string = set?.spec.template.spec.containers[0].env.find((one: { name: string }) => one.name === "ADVERTISE").value; // biome-ignore format: one line
			const names = Array.from({ length: most }, (_, at) => advertised.replace("$(POD_NAME)", `${name}-${at}`).replace("$(POD_NAMESPACE)", set?.metadata.namespace ?? "")); // biome-ignore format: one line
			assert.deepEqual(serversOf(conf, name), names.sort());
		}
	});

	it("is the nginx that is tested: the files of edge/ and no others", async () => {
		const sources = {
			"nginx.conf": "nginx.conf",
			"admin.conf": "admin.conf",
			"upstreams.conf": "k8s/upstreams.conf",
			"listen.conf": "plain/listen.conf",
		};
		const files = await Promise.all(Object.entries(sources).map(async ([name, path]) => [name, await read(`edge/${path}`)]));
		for (const overlay of overlays) {
			const all = kustomize(overlay);
			const map = all.find(({ kind, metadata }) => kind === "ConfigMap" && metadata.name.startsWith("edge-"));
			assert.deepEqual(map?.data, Object.fromEntries(files));
			const pods = all.find(({ kind, metadata }) => kind === "Deployment" && metadata.name === "edge");
			assert.equal(pods?.spec.template.spec.volumes[0].configMap.name, map?.metadata.name);
		}
	});
});
