import type { ReactNode } from "react";
import { Page } from "../../ui/page.tsx";

export const AuthCard = ({ title, children }: { title: string; children: ReactNode }) => (
	<div className="mx-auto max-w-md pt-4 sm:pt-12">
		<Page title={title}>
			<div className="card grid gap-4 p-5">{children}</div>
		</Page>
	</div>
);

/** What went wrong, told when it appears. */
export const FormError = ({ children }: { children: string | undefined }) =>
	children === undefined ? null : (
		<p role="alert" className="rounded-lg bg-danger-soft px-3 py-2 text-danger text-sm">
			{children}
		</p>
	);
