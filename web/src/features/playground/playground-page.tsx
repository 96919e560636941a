import { type FormEvent, useEffect, useState } from "react";
import { toast } from "sonner";
import { newKey } from "../../api/http.ts";
import { useStore } from "../../api/store.ts";
import type { PageProps } from "../../app.tsx";
import { Choice, Field } from "../../ui/field.tsx";
import { Page } from "../../ui/page.tsx";
import { Badge, Empty } from "../../ui/states.tsx";
import { sdkCode } from "./sdk-code.ts";
import { type Line, type Target, Wire } from "./wire.ts";

const samples: Readonly<Record<string, () => object>> = {
	post: () => ({ id: newKey(), text: "Hello" }),
	amend: () => ({ id: newKey(), target: "id of a message of mine", text: "Hello again" }),
	read: () => ({ seq: 1 }),
	delivered: () => ({ seq: 1 }),
	history: () => ({ before: 100, limit: 20 }),
	typing: () => ({}),
	refresh: () => ({ token: "a new access token" }),
};

const sampleOf = (event: string): string => JSON.stringify(samples[event]?.() ?? {}, null, 2);

const parsed = (text: string): { data: unknown } | { why: string } => {
	try {
		return { data: JSON.parse(text) };
	} catch (error) {
		return { why: error instanceof Error ? error.message : "This is no JSON" };
	}
};

const tones = { sent: "info", came: "ok", told: "plain" } as const;
const ways = { sent: "sent", came: "came", told: "connection" } as const;

const LineRow = ({ line }: { line: Line }) => (
	<li className="grid gap-1 border-line border-t py-2 first:border-t-0" data-event={line.event}>
		<span className="flex flex-wrap items-center gap-2 text-sm">
			<span className="text-muted text-xs tabular-nums">{new Date(line.at).toISOString().slice(11, 23)}</span>
			<Badge tone={tones[line.way]}>{ways[line.way]}</Badge>
			<span className="font-mono">{line.event}</span>
		</span>
		<code className="whitespace-pre-wrap break-all text-xs" dir="auto">
			{JSON.stringify(line.data)}
		</code>
	</li>
);

const ConnectForm = ({ wire, me, onTarget }: { wire: Wire; me: string; onTarget: (target: Target) => void }) => {
	const state = useStore(wire.state);
	const submit = (event: FormEvent<HTMLFormElement>): void => {
		event.preventDefault();
		const data = new FormData(event.currentTarget);
		const stream = String(data.get("stream")).trim();
		const after = String(data.get("after")).trim();
		const namespace = stream.startsWith("inbox-") ? "/notifications" : "/chat";
		const target: Target = { namespace, stream, after: after === "" ? undefined : Number(after) };
		onTarget(target);
		wire.connect(target).catch((error: unknown) => toast.error(String(error)));
	};
	return (
		<form onSubmit={submit} className="card grid gap-3">
			<Field
				label="Stream"
				name="stream"
				required
				defaultValue={`inbox-${me}`}
				hint="Of a conversation, or inbox-… for your notifications."
			/>
			<Field label="After seq" name="after" type="number" min={0} hint="Empty: the newest 50 come first." />
			<div className="flex flex-wrap items-center gap-3">
				<button type="submit" className="btn btn-main">
					Connect
				</button>
				<button type="button" className="btn" onClick={() => wire.close()} disabled={state === "closed"}>
					Disconnect
				</button>
				<span role="status" data-wire={state}>
					<Badge tone={state === "open" ? "ok" : "plain"}>{state}</Badge>
				</span>
			</div>
		</form>
	);
};

const SendForm = ({ wire, target }: { wire: Wire; target: Target | null }) => {
	const state = useStore(wire.state);
	const [event, setEvent] = useState("post");
	const [text, setText] = useState(() => sampleOf("post"));
	const [why, setWhy] = useState<string>();
	const read = (): unknown => {
		const result = parsed(text);
		setWhy("why" in result ? result.why : undefined);
		return "data" in result ? result.data : undefined;
	};
	const copy = async (): Promise<void> => {
		const data = read();
		if (!target || data === undefined) return;
		await navigator.clipboard.writeText(sdkCode(location.origin, target, event, data));
		toast.success("Copied as code for the SDK");
	};
	return (
		<form
			className="card grid gap-3"
			onSubmit={(submitted) => {
				submitted.preventDefault();
				const data = read();
				if (data !== undefined) wire.send(event, data);
			}}
		>
			<Choice
				label="Message"
				value={event}
				onChange={({ target: { value } }) => {
					setEvent(value);
					setText(sampleOf(value));
				}}
			>
				{Object.keys(samples).map((name) => (
					<option key={name}>{name}</option>
				))}
			</Choice>
			<label className="grid gap-1 font-medium text-sm">
				Its data, as JSON
				<textarea
					className="input min-h-28 font-mono text-sm"
					spellCheck={false}
					value={text}
					onChange={({ target: { value } }) => setText(value)}
				/>
			</label>
			{why && (
				<p role="alert" className="text-danger text-sm">
					{why}
				</p>
			)}
			<div className="flex flex-wrap gap-3">
				<button type="submit" className="btn btn-main" disabled={state !== "open"}>
					Send
				</button>
				<button
					type="button"
					className="btn"
					disabled={!target}
					onClick={() => void copy().catch((error: unknown) => toast.error(String(error)))}
				>
					Copy as SDK code
				</button>
			</div>
		</form>
	);
};

const PlaygroundPage = ({ me }: PageProps) => {
	const [wire] = useState(() => new Wire());
	const [target, setTarget] = useState<Target | null>(null);
	const lines = useStore(wire.lines);
	useEffect(() => () => wire.close(), [wire]);
	return (
		<Page
			title="Playground"
			wide
			actions={
				<span className="flex gap-4 text-sm">
					<a className="link" href="/docs">
						REST: /docs
					</a>
					<a className="link" href="/asyncapi.json">
						AsyncAPI
					</a>
				</span>
			}
		>
			<div className="grid items-start gap-4 lg:grid-cols-[22rem_1fr]">
				<div className="grid gap-4">
					<ConnectForm wire={wire} me={me.id} onTarget={setTarget} />
					<SendForm wire={wire} target={target} />
				</div>
				<section className="card" aria-label="What goes over the wire">
					<div className="mb-2 flex items-center justify-between">
						<h2 className="font-medium">On the wire</h2>
						<button type="button" className="btn btn-small btn-quiet" onClick={() => wire.clear()}>
							Clear
						</button>
					</div>
					{lines.length === 0 ? (
						<Empty title="Nothing yet">Connect to a stream; the newest message stands on top.</Empty>
					) : (
						<ol>
							{[...lines].reverse().map((line) => (
								<LineRow key={line.number} line={line} />
							))}
						</ol>
					)}
				</section>
			</div>
		</Page>
	);
};
export default PlaygroundPage;
