import { docsPage, docsScript, problemList, problemPage } from "./html.ts";
import { explained, explanationOf } from "./problem-explanations.ts";

/** A document that is no call: what it is and what its policy lets it do. */
export interface Document {
	type: string;
	body: string;
	policy?: string;
}

/** Swagger UI sets style attributes; scripts come from this host only. */
const docsPolicy =
	"default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

const html = (body: string, policy?: string): Document => ({
	type: "text/html; charset=utf-8",
	body,
	...(policy ? { policy } : {}),
});

const problem = ({ code }: Readonly<Record<string, string>>): Document | null => {
	const explanation = explanationOf(code ?? "");
	return explanation ? html(problemPage(explanation)) : null;
};

const docs = (): Document => html(docsPage, docsPolicy);

/** By "GET /path"; null: there is no such document. */
export const documents = (
	openApiJson: () => string,
	asyncApiJson: () => string,
): Record<string, (params: Readonly<Record<string, string>>) => Document | null> => ({
	"GET /problems": () => html(problemList(explained)),
	"GET /problems/:code": problem,
	"GET /openapi.json": () => ({ type: "application/json", body: openApiJson() }),
	"GET /asyncapi.json": () => ({ type: "application/json", body: asyncApiJson() }),
	"GET /docs": docs,
	"GET /api": docs,
	"GET /v1/swagger/index.html": docs,
	"GET /docs/start.js": () => ({ type: "text/javascript; charset=utf-8", body: docsScript }),
});
