import { parser } from "@prometheus-io/lezer-promql";

/** One metric that an expression asks for, with the labels by which it picks or keeps series. */
export interface Asked {
	readonly metric: string;
	readonly labels: readonly string[];
}

interface Node {
	readonly name: string;
	readonly from: number;
	readonly to: number;
	readonly parent: Node | null;
	getChild(name: string): Node | null;
	getChildren(name: string): Node[];
}

/** Grafana fills these in; to Prometheus they are no durations and no patterns. */
const filledIn = (expr: string): string => expr.replace(/\$__rate_interval|\$__range|\$__interval/g, "5m");

/** What an expression in PromQL asks for, by Prometheus' own grammar. Throws where it is none. */
export const askedBy = (expr: string): Asked[] => {
	const text = filledIn(expr);
	const asked: Asked[] = [];
	const of = ({ from, to }: Node): string => text.slice(from, to);
	const groupings = (node: Node | null): string[] => {
		if (!node) return [];
		const modifier = node.name === "AggregateExpr" ? node.getChild("AggregateModifier") : null;
		// `on` is of two sides, whose labels are those of either: not looked at.
		const own = modifier?.getChild("By") ? (modifier.getChild("GroupingLabels")?.getChildren("LabelName") ?? []).map(of) : [];
		return [...own, ...groupings(node.parent)];
	};
	parser.parse(text).iterate({
		enter: ({ type, node }) => {
			if (type.isError) throw new Error(`no PromQL at ${node.from}: ${text}`);
			if (type.name !== "VectorSelector") return;
			const metric = node.getChild("Identifier");
			if (!metric) throw new Error(`a selector without a metric: ${text}`);
			const matchers = node.getChild("LabelMatchers")?.getChildren("UnquotedLabelMatcher") ?? [];
			const picked = matchers.map((matcher) => of(matcher.getChild("LabelName") as Node));
			asked.push({ metric: of(metric), labels: [...picked, ...groupings(node.parent)] });
		},
	});
	return asked;
};
