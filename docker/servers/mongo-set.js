// For mongosh beside the first member, over its own loopback: until there is a user, nobody else may say anything. Makes the set and its users;
// what is there already is left as it is, so it may run again and after it died half-way.

const { readFileSync } = require("node:fs");
const passwordOf = (name) => readFileSync(`/etc/mongo/secrets/${name}-password`, "utf8");
const admin = db.getSiblingDB("admin");

const isMade = () => {
	try {
		return admin.auth("root", passwordOf("root")).ok === 1;
	} catch {
		return false;
	}
};

const initiate = () => {
	try {
		rs.initiate({
			_id: "souk",
			members: [
				{ _id: 0, host: "mongo-1:27017", priority: 2 },
				{ _id: 1, host: "mongo-2:27017" },
				{ _id: 2, host: "mongo-3:27017" },
			],
		});
	} catch (error) {
		if (error.codeName !== "AlreadyInitialized") throw error;
	}
};

/** The first user can be made on the primary alone, which this member becomes, having the highest priority. */
const untilPrimary = () => {
	for (let tries = 0; tries < 120; tries += 1) {
		if (admin.hello().isWritablePrimary) return;
		sleep(500);
	}
	throw new Error("mongo-1 has not become primary within a minute");
};

const createUser = (user, roles) => {
	try {
		admin.createUser({ user, pwd: passwordOf(user), roles });
	} catch (error) {
		if (error.codeName !== "DuplicateKey" && error.code !== 51003) throw error;
	}
};

if (!isMade()) {
	initiate();
	untilPrimary();
	createUser("root", [{ role: "root", db: "admin" }]);
	admin.auth("root", passwordOf("root"));
}
untilPrimary();
// dbAdmin: the change feed asks MongoDB to keep what documents were before a change.
createUser("souk", [
	{ role: "readWrite", db: "souk" },
	{ role: "dbAdmin", db: "souk" },
]);
print("The set souk and its users are there.");
