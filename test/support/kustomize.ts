import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { parseAllDocuments } from "yaml";

/** A document of Kubernetes, as far as tests look into it: its kind decides what is in `spec`. */
export interface Manifest {
	apiVersion: string;
	kind: string;
	metadata: { name: string; namespace?: string; labels?: Record<string, string> };
	// biome-ignore lint/suspicious/noExplicitAny: its shape is held against Kubernetes' own schemas by one of the tests
	spec?: any;
	data?: Record<string, string>;
	stringData?: Record<string, string>;
}

const root = fileURLToPath(new URL("../../k8s/", import.meta.url));

/** What would be applied. Throws what kubectl says where it cannot be built. */
export const kustomize = (overlay: string): Manifest[] => {
	const { status, stdout, stderr, error } = spawnSync("kubectl", ["kustomize", `overlays/${overlay}`], {
		cwd: root,
		encoding: "utf8",
	});
	if (error) throw error;
	if (status !== 0) throw new Error(`${overlay}: ${stderr}`);
	return parseAllDocuments(stdout).map((document) => document.toJS() as Manifest);
};

export const overlays = ["dev", "prod", "scale"] as const;
