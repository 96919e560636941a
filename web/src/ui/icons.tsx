import type { SVGProps } from "react";

const paths = {
	shop: "M4 9 6 4h12l2 5v1a2.7 2.7 0 0 1-5.3 0 2.7 2.7 0 0 1-5.4 0A2.7 2.7 0 0 1 4 10zM5.5 13v7h13v-7",
	orders: "M6 3h12v18l-3-2-3 2-3-2-3 2zM9 8h6M9 12h6",
	seller: "M3 8h18v12H3zM8 8V5a2 2 0 0 1 2-2h4a2 2 0 0 1 2 2v3M3 13h18",
	chat: "M4 5h16v11H9l-5 4z",
	bell: "M6 16V11a6 6 0 0 1 12 0v5l2 2H4zM10 21h4",
	ops: "M4 20V10M10 20V4M16 20v-7M22 20H2",
	play: "M7 4v16l13-8z",
	more: "M5 12h.01M12 12h.01M19 12h.01",
	sun: "M12 8a4 4 0 1 0 0 8 4 4 0 0 0 0-8zM12 2v2M12 20v2M2 12h2M20 12h2M5 5l1.4 1.4M17.6 17.6 19 19M19 5l-1.4 1.4M6.4 17.6 5 19",
	send: "M4 12 20 4l-5 16-3-7z",
	person: "M12 4a4 4 0 1 0 0 8 4 4 0 0 0 0-8zM4 21a8 8 0 0 1 16 0",
	check: "m5 13 4 4L19 7",
	back: "M15 5l-7 7 7 7",
} as const;
export type IconName = keyof typeof paths;

/** Decoration: what it stands beside or in says it in words. */
export const Icon = ({ name, ...rest }: { name: IconName } & SVGProps<SVGSVGElement>) => (
	<svg
		viewBox="0 0 24 24"
		width="20"
		height="20"
		fill="none"
		stroke="currentColor"
		strokeWidth="1.8"
		strokeLinecap="round"
		strokeLinejoin="round"
		aria-hidden="true"
		{...rest}
	>
		<path d={paths[name]} />
	</svg>
);
