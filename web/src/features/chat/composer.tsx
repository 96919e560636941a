import { type KeyboardEvent, useEffect, useRef, useState } from "react";
import { Icon } from "../../ui/icons.tsx";
import type { Message } from "./message.ts";

const limit = 16_000;

interface ComposerProps {
	editing: Message | null;
	onSend: (text: string) => void;
	onTyping: () => void;
	onCancel: () => void;
}

/** Enter sends, Shift+Enter begins a line. Made anew (by `key`) for each message that is edited. */
export const Composer = ({ editing, onSend, onTyping, onCancel }: ComposerProps) => {
	const [text, setText] = useState(editing?.text ?? "");
	const ref = useRef<HTMLTextAreaElement>(null);
	useEffect(() => {
		if (editing) ref.current?.focus();
	}, [editing]);
	const length = [...text].length;
	const send = (): void => {
		if (text.trim() === "" || length > limit) return;
		onSend(text);
		setText("");
	};
	const onKeyDown = (event: KeyboardEvent): void => {
		if (event.key === "Escape" && editing) onCancel();
		// Not while an input method is composing a character.
		if (event.key !== "Enter" || event.shiftKey || event.nativeEvent.isComposing) return;
		event.preventDefault();
		send();
	};
	return (
		<form
			className="border-line border-t bg-surface p-3"
			onSubmit={(event) => {
				event.preventDefault();
				send();
			}}
		>
			{editing && (
				<p className="mb-2 flex items-center justify-between text-muted text-sm">
					Changing a message
					<button type="button" className="btn btn-quiet btn-small" onClick={onCancel}>
						Cancel
					</button>
				</p>
			)}
			<div className="flex items-end gap-2">
				<textarea
					ref={ref}
					aria-label="Message"
					placeholder="Write a message"
					rows={1}
					dir="auto"
					className="input field-sizing-content max-h-40 resize-none"
					value={text}
					onChange={(event) => {
						setText(event.target.value);
						if (!editing) onTyping();
					}}
					onKeyDown={onKeyDown}
				/>
				<button
					type="submit"
					className="btn btn-main"
					aria-label={editing ? "Save" : "Send"}
					disabled={text.trim() === "" || length > limit}
				>
					<Icon name={editing ? "check" : "send"} />
				</button>
			</div>
			{length > limit - 500 && (
				<p className={`mt-1 text-sm ${length > limit ? "text-danger" : "text-muted"}`} role="status">
					{length} of {limit} characters
				</p>
			)}
		</form>
	);
};
