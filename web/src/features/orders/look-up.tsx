import { type FormEvent, useState } from "react";
import { get } from "../../api/http.ts";
import { Refused, wordsOf } from "../../api/problem.ts";
import { navigate } from "../../router/router.tsx";
import { Dialog } from "../../ui/dialog.tsx";
import { Field } from "../../ui/field.tsx";

type Found = { kind: "document"; id: string; document: unknown } | { kind: "none"; why: string };

const isUnknown = (error: unknown): boolean => error instanceof Refused && (error.status === 404 || error.status === 403);

/** An order of ours has its page; a document that another system handed in is shown as it came. */
const find = async (id: string): Promise<Found | null> => {
	const at = encodeURIComponent(id);
	try {
		await get(`/v1/orders/${at}/status`);
		navigate(`/app/orders/${at}`);
		return null;
	} catch (error) {
		if (!isUnknown(error)) return { kind: "none", why: wordsOf(error) };
	}
	try {
		return { kind: "document", id, document: await get(`/order/${at}`) };
	} catch (error) {
		return { kind: "none", why: isUnknown(error) ? "There is no such order of yours" : wordsOf(error) };
	}
};

export const LookUp = () => {
	const [id, setId] = useState("");
	const [found, setFound] = useState<Found | null>(null);
	const [busy, setBusy] = useState(false);
	const submit = async (event: FormEvent): Promise<void> => {
		event.preventDefault();
		if (busy || id.trim() === "") return;
		setBusy(true);
		setFound(await find(id.trim()));
		setBusy(false);
	};
	return (
		<search>
			<form onSubmit={(event) => void submit(event)}>
				<Field
					label="Find by id"
					placeholder="Order id or order_uid, then Enter"
					value={id}
					autoComplete="off"
					spellCheck={false}
					enterKeyHint="search"
					onChange={(event) => {
						setId(event.target.value);
						setFound(null);
					}}
					error={found?.kind === "none" ? found.why : undefined}
				/>
				{found?.kind === "document" && (
					<Dialog title={`Document ${found.id}`} onClose={() => setFound(null)}>
						{/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard */}
						<pre tabIndex={0} className="max-h-[60dvh] overflow-auto rounded-lg bg-sunken p-3 text-xs" data-document>
							{JSON.stringify(found.document, null, 2)}
						</pre>
					</Dialog>
				)}
			</form>
		</search>
	);
};
