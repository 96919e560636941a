import assert from "node:assert/strict";
import fc from "fast-check";
import { commonPasswords } from "../../../services/auth/common-passwords.ts";
import { passwordFault } from "../../../services/auth/password-rules.ts";

const nobody = { email: "x@example.com", name: "X" };
const isFine = (password: string, context = nobody): boolean => passwordFault(password, context) === null;

describe("password rules", () => {
	it("count code points, from 8 to 128", () => {
		assert.ok(!isFine("zq8!kVw"));
		assert.ok(isFine("zq8!kVwm"));
		assert.ok(isFine("😀🐫🕌🧿🪔🧶🫖🍵"));
		assert.ok(!isFine("😀🐫🕌🧿"), "eight UTF-16 units are four characters");
		assert.ok(isFine("zq8!kVwm".repeat(16)));
		assert.ok(!isFine(`${"zq8!kVwm".repeat(16)}x`));
		assert.ok(isFine("😀🐫🕌🧿🪔🧶🫖🍵".repeat(16)));
	});

	it("ask for no kinds of characters", () => {
		for (const password of ["tumbling-otters", "48151623421142", "plainlowercase", "ЖИВОПИСНЫЙ", "        x       y "]) {
			assert.ok(isFine(password), password);
		}
	});

	it("refuse what everybody tries first, in any case and with the usual substitutions", () => {
		const heads = `password password1 password123 12345678 123456789 1234567890 qwertyuiop qwerty123 iloveyou sunshine princess football
			baseball superman trustno1 letmein123 welcome1 welcome123 admin123 admin1234 passw0rd p@ssw0rd Passw0rd! 1q2w3e4r 1qaz2wsx
			zaq12wsx abcd1234 abc12345 11111111 00000000 88888888 monkey123 dragon123 michael1 charlie1 starwars computer internet
			whatever jennifer asdfghjkl zxcvbnm1 q1w2e3r4 changeme secret123 1234qwer asdf1234 aaaaaaaa test1234 pokemon1 liverpool1
			PASSWORD Password1 P@55w0rd Summer2024 Winter2023! iloveyou1 password1! qwerty12345 87654321 11223344 naruto123`;
		for (const password of heads.split(/\s+/)) assert.ok(!isFine(password), password);
	});

	it("know more than the 3,000 that ASVS asks for, all long enough to matter", () => {
		const long = [...commonPasswords()].filter((password) => [...password].length >= 8);
		assert.ok(long.length >= 3_000, String(long.length));
		for (const password of long) assert.equal(password, password.toLowerCase());
	});

	it("refuse one sign again and again", () => {
		for (const password of ["~~~~~~~~", "ééééééééé", "😀😀😀😀😀😀😀😀"]) assert.ok(!isFine(password), password);
	});

	it("refuse what an attacker who knows the account tries first", () => {
		const wilhelmina = { email: "wilhelmina.tan@example.com", name: "Wilhelmina Tan-Corbett" };
		for (const password of [
			"wilhelmina",
			"Wilhelmina1",
			"WILHELMINA99!",
			"wilhelmina.tan@example.com",
			"wilhelmina.tan7",
			"souksouk",
			"souk1234",
		]) {
			assert.ok(!isFine(password, wilhelmina), password);
		}
		assert.ok(isFine("wilhelmina rides a camel", wilhelmina));
		assert.ok(isFine("Wilhelmina1"));
	});

	it("take no notice of names too short to mean anything", () => {
		assert.ok(isFine("xanadu-87", { email: "x@example.com", name: "Li Na" }));
	});

	it("never throw, whatever is typed", () => {
		fc.assert(
			fc.property(fc.string({ unit: "binary" }), fc.string({ unit: "binary" }), fc.string(), (password, name, email) => {
				const fault = passwordFault(password, { email, name });
				assert.ok(fault === null || fault.startsWith("must have") || fault.startsWith("is "));
			}),
		);
	});
});
