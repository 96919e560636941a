import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { type Browser, type BrowserContext, chromium, type Page } from "playwright-core";
import { findServer } from "./servers.ts";

// A real browser for the tests of the web client: Debian's chromium, from PATH. `needs(this, "chromium")` comes first.

const built = fileURLToPath(new URL("../../web/dist/index.html", import.meta.url));

/** The window of somebody of their own, with cookies of their own. */
export interface Visitor {
	readonly page: Page;
	readonly context: BrowserContext;
	/** What went wrong in it so far and was not expected: console errors, thrown errors, reports of the page's policy. */
	readonly troubles: readonly string[];
	/** Browsers write refused requests to the console: those whose words match are foreseen. */
	expect(trouble: RegExp): void;
}

export interface Visit {
	width?: number;
	height?: number;
	dark?: boolean;
}

/** Runs in the page before anything else of it. */
const reportPolicy =
	"document.addEventListener('securitypolicyviolation', (event) => console.error('POLICY', event.violatedDirective, event.blockedURI, event.sourceFile))";

export class Browsers {
	#browser: Browser | undefined;

	async start(): Promise<void> {
		const executablePath = findServer("chromium");
		if (!executablePath) throw new Error("chromium is not on PATH");
		if (!existsSync(built)) throw new Error("the web client has not been built: npm run build:web");
		this.#browser = await chromium.launch({ executablePath, args: ["--no-sandbox", "--disable-gpu"] });
	}

	async visit(url: string, { width = 1280, height = 800, dark = false }: Visit = {}): Promise<Visitor> {
		if (!this.#browser) throw new Error("the browser was not started");
		const context = await this.#browser.newContext({
			baseURL: url,
			viewport: { width, height },
			colorScheme: dark ? "dark" : "light",
			reducedMotion: "reduce",
			locale: "en-GB",
		});
		context.setDefaultTimeout(15_000);
		await context.addInitScript(reportPolicy);
		const page = await context.newPage();
		const troubles: string[] = [];
		const expected: RegExp[] = [];
		const note = (words: string): void => {
			if (!expected.some((known) => known.test(words))) troubles.push(words);
		};
		page.on("pageerror", (error) => note(`threw ${error.message}`));
		page.on("console", (message) => {
			if (message.type() === "error" || message.type() === "warning") note(`${message.text()} ${message.location().url}`);
		});
		return { page, context, troubles, expect: (trouble) => void expected.push(trouble) };
	}

	stop = async (): Promise<void> => {
		await this.#browser?.close();
	};
}
