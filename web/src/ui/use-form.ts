import { type FormEvent, useRef, useState } from "react";
import { newKey } from "../api/http.ts";
import { Refused, wordsOf } from "../api/problem.ts";

export interface Form {
	busy: boolean;
	/** What went wrong with the whole. */
	error: string | undefined;
	/** What is wrong with one of its members. */
	fieldError(name: string): string | undefined;
	onSubmit(event: FormEvent<HTMLFormElement>): void;
}

/**
 * Sends a form once at a time. `key` is the same for tries with the same content: after a lost answer the button may be pressed again
 * without doing the thing twice.
 */
export const useForm = (send: (data: FormData, key: string) => Promise<void>): Form => {
	const [busy, setBusy] = useState(false);
	const [error, setError] = useState<unknown>();
	const attempt = useRef({ content: "", key: "" });
	const onSubmit = async (event: FormEvent<HTMLFormElement>): Promise<void> => {
		event.preventDefault();
		if (busy) return;
		const data = new FormData(event.currentTarget);
		const content = JSON.stringify([...data]);
		if (attempt.current.content !== content) attempt.current = { content, key: newKey() };
		setBusy(true);
		setError(undefined);
		try {
			await send(data, attempt.current.key);
			attempt.current = { content: "", key: "" };
		} catch (failure) {
			setError(failure);
		} finally {
			setBusy(false);
		}
	};
	const isByField = error instanceof Refused && error.fields.some(({ pointer }) => pointer !== "");
	return {
		busy,
		error: error === undefined ? undefined : isByField && error instanceof Refused ? summary(error) : wordsOf(error),
		fieldError: (name) => (error instanceof Refused ? error.field(name) : undefined),
		onSubmit: (event) => void onSubmit(event),
	};
};

const summary = (error: Refused): string =>
	error.fields.length === 1 ? (error.fields[0]?.detail ?? error.message) : error.message;

export const text = (data: FormData, name: string): string => String(data.get(name) ?? "").trim();
