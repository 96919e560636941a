import { exponentOf } from "../../../contracts/currency.ts";
import type { Money as Amount } from "../../../contracts/money.ts";

export const moneyText = ({ amount, currency }: Amount): string => {
	const digits = exponentOf(currency);
	const options = { style: "currency", currency, minimumFractionDigits: digits, maximumFractionDigits: digits } as const;
	return new Intl.NumberFormat(undefined, options).format(amount / 10 ** digits);
};

/** What a person typed, in minor units; null if it is no amount of that currency. */
export const minorUnits = (text: string, currency: string): number | null => {
	const [, whole, part = ""] = /^(\d{1,12})(?:[.,](\d*))?$/.exec(text.trim()) ?? [];
	const digits = exponentOf(currency);
	if (whole === undefined || part.length > digits) return null;
	return Number(whole) * 10 ** digits + Number(part.padEnd(digits, "0") || 0);
};

export const Money = ({ of }: { of: Amount }) => <span className="whitespace-nowrap tabular-nums">{moneyText(of)}</span>;

const full = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "medium" });
const clock = new Intl.DateTimeFormat(undefined, { timeStyle: "short" });
const day = new Intl.DateTimeFormat(undefined, { dateStyle: "medium" });
const dayAndClock = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" });

export const clockText = (at: string): string => clock.format(new Date(at));
export const dayText = (at: string): string => day.format(new Date(at));
const isToday = (date: Date): boolean => date.toDateString() === new Date().toDateString();

/** The time of day if it was today. */
export const Time = ({ at, className }: { at: string; className?: string }) => {
	const date = new Date(at);
	if (Number.isNaN(date.getTime())) return <span className={className}>{at}</span>;
	return (
		<time dateTime={at} title={full.format(date)} className={className}>
			{isToday(date) ? clock.format(date) : dayAndClock.format(date)}
		</time>
	);
};

/** Names and texts of people: in the direction of their own letters. */
export const Name = ({ children, className }: { children: string; className?: string }) => (
	<bdi className={className}>{children}</bdi>
);
