import tailwindcss from "@tailwindcss/vite";
import { defineConfig, type Plugin } from "vite";

/**
 * sonner puts its style sheet into a <style> element, which the page's policy forbids. Its package has the same sheet as a file, which
 * src/styles.css imports; here the insertion is taken out.
 */
const sonnerWithoutInlineStyle = (): Plugin => ({
	name: "sonner-without-inline-style",
	transform(code, id) {
		if (!/node_modules\/sonner\/dist\/index\.mjs$/.test(id)) return undefined;
		const start = code.indexOf('\n__insertCSS("');
		const end = code.indexOf('");\n', start);
		// Another version may do it another way: better no build than a page without its toasts.
		if (start < 0 || end < 0) throw new Error("sonner no longer inserts its style as it did");
		return { code: code.slice(0, start) + code.slice(end + 4), map: null };
	},
});

export default defineConfig({
	base: "/app/",
	plugins: [tailwindcss(), sonnerWithoutInlineStyle()],
	build: {
		outDir: "dist",
		emptyOutDir: true,
		// Inlined files would be data: URLs, which the policy allows for images only.
		assetsInlineLimit: 0,
		modulePreload: { polyfill: false },
		reportCompressedSize: false,
		rolldownOptions: {
			// What a slow machine makes of the build is no trouble of the build.
			checks: { pluginTimings: false },
			onwarn(warning, warn) {
				// "use client" says nothing to a page that has no server side.
				if (warning.code !== "MODULE_LEVEL_DIRECTIVE") warn(warning);
			},
		},
	},
});
