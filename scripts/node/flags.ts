/**
 * What Node is started with for a node of Souk; package.json says the same, and a test holds it to this.
 *
 * The young generation of the heap may grow to three times this size, in MiB, and is not given back: with V8's default of 16 an
 * idle process kept 10 to 20 MiB that only its start had needed. Smaller ones were not measurably slower under load.
 */
export const nodeFlags: readonly string[] = ["--max-semi-space-size=8"];
