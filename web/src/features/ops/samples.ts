import { useQuery } from "@tanstack/react-query";
import { useEffect, useState } from "react";

interface Consumer {
	group: string;
	service: string;
	ok: boolean;
	lag: number;
	inFlight: number;
	detail?: string;
}

export interface Health {
	status: "ok" | "degraded";
	uptime: number;
	version: string;
	checks: { name: string; ok: boolean; detail?: string }[];
	consumers: Consumer[];
}

const every = 2_000;
const most = 60;

interface Sample {
	health: Health;
	/** How long the gateway took to ask all that it depends on, ms. */
	took: number;
	at: number;
}

const look = async (): Promise<Sample> => {
	const begun = performance.now();
	const answer = await fetch("/health", { cache: "no-store" });
	const health = (await answer.json()) as Health;
	return { health, took: performance.now() - begun, at: Date.now() };
};

export const useHealth = () => useQuery({ queryKey: ["ops", "health"], queryFn: look, refetchInterval: every });

/** The last values of something that is looked at again and again; `at` tells one look from the next. */
export const useSeries = (value: number | undefined, at: number | undefined): readonly number[] => {
	const [values, setValues] = useState<readonly number[]>([]);
	useEffect(() => {
		if (value !== undefined && at !== undefined) setValues((known) => [...known, value].slice(-most));
	}, [value, at]);
	return values;
};
