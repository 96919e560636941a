import { isIPv6 } from "node:net";

/**
 * Whose requests count as one. A line of IPv6 has a /64 at least (RFC 6177), and whoever has one may come from another address of it each
 * time: the limits, and the memory that they take, would be nothing to them. IPv4, and what is no address, counts as it is.
 */
export const networkOf = (address: string): string => {
	const [bare = ""] = address.split("%");
	if (!isIPv6(bare)) return address;
	const [head = [], tail = []] = bare.split("::").map((half) => half.split(":").filter((group) => group !== ""));
	// An IPv4 address at the end stands for two groups; it never reaches the first four, which are all that counts.
	const given = head.length + tail.length + (bare.includes(".") ? 1 : 0);
	const groups = [...head, ...Array.from({ length: Math.max(0, 8 - given) }, () => "0"), ...tail].slice(0, 4);
	return `${groups.map((group) => Number.parseInt(group, 16).toString(16)).join(":")}::/64`;
};
