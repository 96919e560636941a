import { Component, type ReactNode } from "react";
import { wordsOf } from "../api/problem.ts";

/** A fault in one page leaves the rest of the house standing. It is whole again at another `place`. */
export class ErrorBoundary extends Component<{ place: string; children: ReactNode }, { error?: unknown }> {
	override state: { error?: unknown } = {};

	static getDerivedStateFromError(error: unknown): { error: unknown } {
		return { error };
	}

	override componentDidUpdate(before: { place: string }): void {
		if (before.place !== this.props.place && this.state.error !== undefined) this.setState({ error: undefined });
	}

	override render(): ReactNode {
		if (this.state.error === undefined) return this.props.children;
		return (
			<div role="alert" className="mx-auto grid max-w-xl gap-4 px-4 py-16 text-center">
				<h1 className="font-semibold text-xl">This page broke</h1>
				<p className="text-muted">{wordsOf(this.state.error)}</p>
				<button type="button" className="btn btn-main justify-self-center" onClick={() => location.reload()}>
					Load it again
				</button>
			</div>
		);
	}
}
