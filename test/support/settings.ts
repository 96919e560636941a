/** The first admin of every Souk that tests start. */
export const admin = { email: "admin@souk.example", password: "an admin of the test suites" } as const;

/** Whatever the machine's speed, a test that sends much is not told to slow down; those that test the limits set them. */
export const testSettings: Readonly<Record<string, string>> = {
	RATE_LIMIT_LOGIN: "off",
	RATE_LIMIT_API: "off",
	RATE_LIMIT_POSTS: "off",
	WEBHOOK_SECRETS: "whsec-of-the-test-suites",
	ADMIN_EMAIL: admin.email,
	ADMIN_PASSWORD: admin.password,
	LOG_FORMAT: "json",
};
