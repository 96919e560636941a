import { exponentOf, type Money } from "../../../contracts/money.ts";

/** `MYR 1,234.50`, `JPY 1,235`, `BHD 1.234`: by the currency's own exponent, and exact however large it is. */
export const moneyText = ({ amount, currency }: Money): string => {
	const exponent = exponentOf(currency);
	const digits = String(amount).padStart(exponent + 1, "0");
	const point = digits.length - exponent;
	const whole = digits.slice(0, point).replace(/\B(?=(\d{3})+$)/g, ",");
	return `${currency} ${whole}${exponent > 0 ? `.${digits.slice(point)}` : ""}`;
};

const day = new Intl.DateTimeFormat("en-GB", { dateStyle: "long", timeZone: "UTC" });
const minute = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit", hourCycle: "h23", timeZone: "UTC" });

/** `21 November 2026` */
export const dayText = (iso: string): string => day.format(Date.parse(iso));

/** `21 November 2026, 16:05 UTC` */
export const momentText = (iso: string): string => `${dayText(iso)}, ${minute.format(Date.parse(iso))} UTC`;

/** What sellers write is shown as they wrote it, unless it is a date. */
export const freeDay = (text: string): string =>
	/^\d{4}-\d\d-\d\d(T|$)/.test(text) && !Number.isNaN(Date.parse(text)) ? dayText(text) : text;
