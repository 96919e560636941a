import { readFileSync } from "node:fs";
import { parse } from "yaml";

/** A service of the compose file, as far as tests look into it: the rest of its shape is held against Compose's own schema. */
export interface ComposeService {
	image: string;
	build?: object;
	user?: string;
	init?: boolean;
	read_only?: boolean;
	cap_drop?: string[];
	cap_add?: string[];
	security_opt?: string[];
	privileged?: boolean;
	restart?: string;
	pids_limit?: number;
	cpus?: number;
	mem_limit?: string;
	stop_grace_period?: string;
	command?: string[];
	environment?: Record<string, string>;
	healthcheck?: { test?: string[]; disable?: boolean };
	depends_on?: Record<string, { condition: string }>;
	networks?: string[];
	network_mode?: string;
	ports?: string[];
	volumes?: string[];
	tmpfs?: string[];
	deploy?: { replicas?: number };
}

export interface Compose {
	name?: string;
	services: Record<string, ComposeService>;
	networks: Record<string, { internal?: boolean }>;
	volumes: Record<string, object>;
}

export const composeFile = new URL("../../docker/compose.yaml", import.meta.url);

/** `${NAME:-default}` where nothing is set, and `$$`, as Compose takes them. */
const interpolated = (text: string): string =>
	text.replace(/\$(?:\$|\{[A-Z_]+:-([^}]*)\})/g, (_all, fallback?: string) => fallback ?? "$");

/** The compose file with its anchors and merges resolved, in an environment that sets nothing. */
export const readCompose = (): Compose => {
	const text = readFileSync(composeFile, "utf8").replace(/^\s*#.*$/gm, "");
	// Each node is an alias or several: more than what a parser takes from strangers.
	return parse(interpolated(text), { merge: true, maxAliasCount: -1 }) as Compose;
};
