import { useQuery } from "@tanstack/react-query";
import { useEffect, useRef, useState } from "react";

// Figures of the one process that runs everything. Nodes of a cluster tell theirs to a collector, on ports of their own.

export interface Totals {
	/** `performance.now()` */
	at: number;
	requests: number;
	requestSeconds: number;
	events: number;
	entries: number;
	deliveries: number;
}

/** The sum of a metric over all its labels, in the text format of Prometheus. */
const sumOf = (text: string, name: string): number =>
	[...text.matchAll(new RegExp(`^${name}(?:\\{[^}]*\\})? ([\\d.e+-]+)$`, "gm"))].reduce(
		(sum, [, value]) => sum + Number(value),
		0,
	);

const read = async (): Promise<Totals> => {
	const answer = await fetch("/metrics", { cache: "no-store" });
	if (!answer.ok) throw new Error("There are no figures here");
	const text = await answer.text();
	return {
		at: performance.now(),
		requests: sumOf(text, "http_requests_total"),
		requestSeconds: sumOf(text, "http_request_duration_seconds_sum"),
		events: sumOf(text, "events_total"),
		entries: sumOf(text, "stream_entries_total"),
		deliveries: sumOf(text, "stream_deliveries_total"),
	};
};

export interface Rates {
	requests: number;
	/** Mean, ms. */
	latency: number;
	events: number;
	entries: number;
	deliveries: number;
}

const ratesOf = (before: Totals, now: Totals): Rates => {
	const seconds = (now.at - before.at) / 1_000;
	const per = (name: keyof Totals): number => Math.max(0, now[name] - before[name]) / seconds;
	const count = now.requests - before.requests;
	return {
		requests: per("requests"),
		latency: count > 0 ? ((now.requestSeconds - before.requestSeconds) / count) * 1_000 : 0,
		events: per("events"),
		entries: per("entries"),
		deliveries: per("deliveries"),
	};
};

const kept = 60;

/** The last rates, the newest at the end. */
export const useRates = (enabled: boolean): readonly Rates[] => {
	const { data } = useQuery({ queryKey: ["ops", "metrics"], queryFn: read, enabled, refetchInterval: 2_000, retry: false });
	const before = useRef<Totals>(undefined);
	const [rates, setRates] = useState<readonly Rates[]>([]);
	useEffect(() => {
		const last = before.current;
		if (!data || data === last) return;
		before.current = data;
		if (last && data.at > last.at) setRates((known) => [...known, ratesOf(last, data)].slice(-kept));
	}, [data]);
	return rates;
};
