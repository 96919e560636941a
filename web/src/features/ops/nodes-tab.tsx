import { toast } from "sonner";
import type { NodeView } from "../../../../contracts/http/admin.ts";
import { post } from "../../api/http.ts";
import { wordsOf } from "../../api/problem.ts";
import { queries } from "../../api/queries.ts";
import { Badge, Loading } from "../../ui/states.tsx";
import { Chart } from "./chart.tsx";
import { useRates } from "./metrics.ts";
import { useNodes } from "./queries.ts";
import { useHealth, useSeries } from "./samples.ts";

const mebi = (bytes: number): string => `${Math.round(bytes / 1_048_576)} MiB`;

const since = (seconds: number): string => {
	if (seconds < 120) return `${seconds} s`;
	return seconds < 7_200 ? `${Math.round(seconds / 60)} min` : `${Math.round(seconds / 3_600)} h`;
};

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);

const Rates = () => {
	const rates = useRates(true);
	return (
		<>
			<Chart title="Requests" values={rates.map(({ requests }) => requests)} unit="/s" />
			<Chart title="Mean answer" values={rates.map(({ latency }) => latency)} unit="ms" />
			<Chart title="Events handled" values={rates.map(({ events }) => events)} unit="/s" />
			<Chart title="Messages to sockets" values={rates.map(({ deliveries }) => deliveries)} unit="/s" />
		</>
	);
};

const Charts = () => {
	const { data } = useHealth();
	const nodes = useNodes();
	const consumers = data?.health.consumers ?? [];
	const memory = sum((nodes.data?.items ?? []).map((node) => node.memory ?? 0)) / 1_048_576;
	return (
		<div className="mb-4 grid gap-3 sm:grid-cols-2 lg:grid-cols-4">
			{nodes.data?.items.length === 1 && <Rates />}
			<Chart title="Answer of /health" values={useSeries(data?.took, data?.at)} unit="ms" />
			<Chart title="Events waiting" values={useSeries(sum(consumers.map(({ lag }) => lag)), data?.at)} unit="" />
			<Chart title="Events in work" values={useSeries(sum(consumers.map(({ inFlight }) => inFlight)), data?.at)} unit="" />
			<Chart title="Memory" values={useSeries(nodes.data && memory, nodes.dataUpdatedAt)} unit="MiB" />
		</div>
	);
};

const drain = (id: string): void => {
	post(`/v1/admin/nodes/${encodeURIComponent(id)}/drain`).then(
		() => {
			toast.success(`${id} hands its streams over`);
			void queries.invalidateQueries({ queryKey: ["ops"] });
		},
		(error: unknown) => toast.error(wordsOf(error)),
	);
};

const Fact = ({ name, children }: { name: string; children: string }) => (
	<div>
		<dt className="text-muted text-xs">{name}</dt>
		<dd className="text-sm tabular-nums">{children}</dd>
	</div>
);

const Node = ({ node, drains }: { node: NodeView; drains: boolean }) => (
	<li className="card" data-node={node.id}>
		<div className="flex flex-wrap items-center gap-2">
			<h3 className="font-medium">{node.id}</h3>
			{node.available ? (
				<Badge tone={node.ready ? "ok" : "warn"}>{node.ready ? "ready" : "not ready"}</Badge>
			) : (
				<Badge tone="danger">away</Badge>
			)}
			{drains && node.available && (
				<button type="button" className="btn btn-small ms-auto" onClick={() => drain(node.id)}>
					Drain<span className="sr-only"> {node.id}</span>
				</button>
			)}
		</div>
		<p className="mt-1 text-muted text-sm">{node.services.join(", ") || "no services"}</p>
		<dl className="mt-3 flex flex-wrap gap-x-6 gap-y-2">
			<Fact name="Up for">{node.uptime === null ? "–" : since(node.uptime)}</Fact>
			<Fact name="Memory">{node.memory === null ? "–" : mebi(node.memory)}</Fact>
			<Fact name="CPU of the machine">{node.cpu === null ? "–" : `${Math.round(node.cpu)} %`}</Fact>
			{node.sockets && <Fact name="Sockets">{`${node.sockets.address} (${node.sockets.rings.join(", ") || "drained"})`}</Fact>}
		</dl>
	</li>
);

const Consumers = () => {
	const { data } = useHealth();
	if (!data) return null;
	const wrong = data.health.checks.filter(({ ok }) => !ok);
	return (
		<section className="mt-6" aria-labelledby="groups">
			<h2 id="groups" className="mb-3 font-medium text-lg">
				Consumer groups
			</h2>
			{wrong.length > 0 && (
				<p className="mb-3 text-danger text-sm">Wrong: {wrong.map(({ name, detail }) => `${name} ${detail ?? ""}`).join("; ")}</p>
			)}
			<ul className="flex flex-wrap gap-2">
				{data.health.consumers.map(({ group, service, ok, lag }) => (
					<li key={`${group} ${service}`} className="card px-3 py-2 text-sm">
						{group} <Badge tone={ok ? "ok" : "danger"}>{lag === 0 ? "nothing waits" : `${lag} wait`}</Badge>
					</li>
				))}
			</ul>
		</section>
	);
};

export const NodesTab = () => (
	<>
		<Charts />
		<Loading of={useNodes()}>
			{({ items }) => (
				<ul className="grid gap-3 md:grid-cols-2">
					{items.map((node) => (
						<Node key={node.id} node={node} drains={items.length > 1 && (node.sockets?.rings.length ?? 0) > 0} />
					))}
				</ul>
			)}
		</Loading>
		<Consumers />
	</>
);
