import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { kustomize, type Manifest, overlays } from "../support/kustomize.ts";
import { needsCommand } from "../support/servers.ts";

// kubernetes-models checks types and formats as the server would, but lets unknown keys pass, which kubectl refuses: TypeScript refuses them in
// literals of the models' own types.

const modulePath = ({ apiVersion }: Manifest): string => `kubernetes-models/${apiVersion}`;

/** Of an operator, whose types are not among Kubernetes' own. */
const foreign = (manifest: Manifest): boolean => manifest.apiVersion.startsWith("monitoring.coreos.com/");

const validate = async (manifest: Manifest): Promise<void> => {
	const models = (await import(modulePath(manifest))) as Record<string, new (data: Manifest) => { validate(): void }>;
	const Model = models[manifest.kind];
	assert.ok(Model, `${manifest.apiVersion} has no ${manifest.kind}`);
	new Model(manifest).validate();
};

const cache = fileURLToPath(new URL("../../node_modules/.cache/souk-k8s/", import.meta.url));
const tsc = fileURLToPath(new URL("../../node_modules/.bin/tsc", import.meta.url));

/** What TypeScript says of unknown keys; empty if there are none. */
const unknownKeys = (manifests: readonly Manifest[], name: string): string => {
	mkdirSync(cache, { recursive: true });
	const file = `${cache}${name}.ts`;
	const lines = manifests.map((manifest, at) => {
		const type = `import("${modulePath(manifest)}").I${manifest.kind}`;
		return `export const m${at}: ${type} = ${JSON.stringify(manifest)};`;
	});
	writeFileSync(file, lines.join("\n"));
	try {
		const options = ["--noEmit", "--skipLibCheck", "--strict", "--module", "nodenext", "--target", "esnext", "--ignoreConfig"];
		return spawnSync(tsc, [...options, file], { cwd: cache, encoding: "utf8" }).stdout;
	} finally {
		rmSync(file);
	}
};

describe("the manifests, held against Kubernetes' own schemas", function () {
	this.timeout(120_000);
	before(function () {
		needsCommand(this, "kubectl");
	});

	for (const overlay of overlays) {
		it(`of ${overlay} are valid, each of them`, async () => {
			const all = kustomize(overlay).filter((manifest) => !foreign(manifest));
			assert.ok(all.length > 30);
			for (const manifest of all) await validate(manifest);
		});
	}

	it("hold no key that Kubernetes does not know", () => {
		const all = overlays.flatMap((overlay) => kustomize(overlay)).filter((manifest) => !foreign(manifest));
		assert.equal(unknownKeys(all, "all"), "");
	});

	it("would be found out if they did, or if a value were none", async () => {
		const [deployment] = kustomize("prod").filter(({ kind }) => kind === "Deployment");
		assert.ok(deployment);
		const misspelt = { ...deployment, spec: { ...deployment.spec, replica: 3 } };
		assert.match(unknownKeys([misspelt], "misspelt"), /"replica"' does not exist/);
		await assert.rejects(validate({ ...deployment, spec: { ...deployment.spec, replicas: "three" } }));
	});
});
