import { momentText } from "./amounts.ts";
import type { TemplateData } from "./data.ts";
import { button, note, paragraph, say, type Words } from "./words.ts";

// What is said about an account. A token stands behind the # of its link: browsers send nothing of that to any server, so it is in no log.

const link = (home: string, page: string, token: string): string => `${home}/app/${page}#token=${encodeURIComponent(token)}`;

export const welcome = (home: string, token: string): Words => ({
	subject: say`Welcome to Souk: please confirm your e-mail address`,
	preheader: say`One click, and we know that we can reach you`,
	title: say`Welcome to Souk`,
	blocks: [
		paragraph(say`Your account is ready. Please confirm that this e-mail address is yours.`),
		button("Confirm the address", link(home, "verify-email", token)),
		note(say`The link is good for seven days. If you did not register, do nothing.`),
	],
});

export const verification = (home: string, token: string): Words => ({
	subject: say`Please confirm your e-mail address`,
	preheader: say`One click, and we know that we can reach you`,
	title: say`Please confirm your address`,
	blocks: [
		paragraph(say`You asked for a new link to confirm that this e-mail address is yours.`),
		button("Confirm the address", link(home, "verify-email", token)),
		note(say`The link is good for seven days. If you did not ask for it, do nothing.`),
	],
});

export const passwordReset = (home: string, token: string): Words => ({
	subject: say`Reset your password`,
	preheader: say`A link to choose a new one, good for an hour`,
	title: say`Reset your password`,
	blocks: [
		paragraph(say`Somebody, probably you, asked for a new password for your account.`),
		button("Choose a new password", link(home, "reset-password", token)),
		note(say`The link is good for one hour, once. If it was not you, do nothing: your password stays as it is.`),
	],
});

export const passwordChanged = ({ at }: TemplateData["password-changed"], home: string): Words => ({
	subject: say`Your password was changed`,
	preheader: say`If it was not you, act now`,
	title: say`Your password was changed`,
	blocks: [
		paragraph(say`The password of your account was changed on ${momentText(at)}. Everywhere else you were logged out.`),
		paragraph(say`If it was not you, reset your password at once.`),
		button("Reset the password", `${home}/app/forgot-password`),
	],
});
