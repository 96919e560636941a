import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { until } from "./until.ts";

// A collector of traces: takes OTLP over HTTP as JSON (https://opentelemetry.io/docs/specs/otlp/#otlphttp), keeps all spans, and can be away.

type Value = { stringValue?: string; intValue?: number | string; doubleValue?: number; boolValue?: boolean };
interface KeyValue {
	key: string;
	value: Value;
}
interface WireSpan {
	traceId: string;
	spanId: string;
	parentSpanId?: string;
	name: string;
	kind: number;
	startTimeUnixNano: string;
	endTimeUnixNano: string;
	attributes: KeyValue[];
	status: { code?: number; message?: string };
	links?: { traceId: string; spanId: string }[];
}
interface Body {
	resourceSpans: { resource: { attributes: KeyValue[] }; scopeSpans: { spans: WireSpan[] }[] }[];
}

export interface SeenSpan {
	traceId: string;
	spanId: string;
	/** "" for none. */
	parentId: string;
	name: string;
	kind: "internal" | "server" | "client" | "producer" | "consumer";
	attributes: Record<string, string | number | boolean>;
	/** The code, where it failed. */
	failed: string | null;
	/** `service.name`. */
	service: string;
	/** `service.instance.id`. */
	node: string;
	/** Epoch ms. */
	from: number;
	to: number;
}

export interface Collector {
	/** For OTEL_EXPORTER_OTLP_ENDPOINT. */
	readonly url: string;
	readonly spans: readonly SeenSpan[];
	/** Everything that came, as it came. */
	readonly text: string;
	/** Of the requests. */
	readonly headers: readonly NodeJS.Dict<string | string[]>[];
	/** Of one trace, once `holds`; fails with the tree that there is. */
	trace(traceId: string, holds: (spans: SeenSpan[]) => boolean): Promise<SeenSpan[]>;
	/** Answers with this status from now on. */
	answer(status: number): void;
	stop(): Promise<void>;
}

const kinds = ["internal", "internal", "server", "client", "producer", "consumer"] as const;

const plainOf = ({ stringValue, intValue, doubleValue, boolValue }: Value): string | number | boolean =>
	stringValue ?? doubleValue ?? boolValue ?? Number(intValue);

const attributesOf = (list: KeyValue[]) => Object.fromEntries(list.map(({ key, value }) => [key, plainOf(value)]));

const seen = (span: WireSpan, resource: SeenSpan["attributes"]): SeenSpan => ({
	traceId: span.traceId,
	spanId: span.spanId,
	parentId: span.parentSpanId ?? "",
	name: span.name,
	kind: kinds[span.kind] ?? "internal",
	attributes: attributesOf(span.attributes),
	failed: span.status.code === 2 ? (span.status.message ?? "") : null,
	service: String(resource["service.name"]),
	node: String(resource["service.instance.id"]),
	from: Number(span.startTimeUnixNano) / 1e6,
	to: Number(span.endTimeUnixNano) / 1e6,
});

const spansIn = ({ resourceSpans }: Body): SeenSpan[] =>
	resourceSpans.flatMap(({ resource, scopeSpans }) =>
		scopeSpans.flatMap(({ spans }) => spans.map((span) => seen(span, attributesOf(resource.attributes)))),
	);

const listen = async (server: Server): Promise<string> => {
	server.listen(0, "127.0.0.1");
	await once(server, "listening");
	return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
};

/** For people who look at a failure: names, indented below their parents. */
export const drawn = (spans: readonly SeenSpan[], parentId?: string, indent = ""): string =>
	spans
		.filter((span) =>
			parentId === undefined ? !spans.some(({ spanId }) => spanId === span.parentId) : span.parentId === parentId,
		)
		.sort((a, b) => a.from - b.from)
		.map((span) => `${indent}${span.name} (${span.kind}, ${span.node})\n${drawn(spans, span.spanId, `${indent}  `)}`)
		.join("");

export const startCollector = async (): Promise<Collector> => {
	const spans: SeenSpan[] = [];
	const headers: NodeJS.Dict<string | string[]>[] = [];
	let text = "";
	let status = 200;
	const server = createServer(async (req, res) => {
		let body = "";
		for await (const chunk of req.setEncoding("utf8")) body += chunk;
		headers.push(req.headers);
		if (status === 200) {
			text += body;
			if (req.method === "POST" && req.url === "/v1/traces") spans.push(...spansIn(JSON.parse(body) as Body));
		}
		res.writeHead(status, { "content-type": "application/json" }).end("{}");
	});
	const url = await listen(server);
	return {
		url,
		spans,
		headers,
		get text() {
			return text;
		},
		trace(traceId, holds) {
			const of = (): SeenSpan[] => spans.filter((span) => span.traceId === traceId);
			return until("a trace", async () => of(), holds).catch(() => {
				throw new Error(`trace ${traceId} does not become as it should be:\n${drawn(of())}`);
			});
		},
		answer(next) {
			status = next;
		},
		async stop() {
			server.closeAllConnections();
			server.close();
			await once(server, "close");
		},
	};
};
