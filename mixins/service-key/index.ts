export { digestOf, formatServiceKey, type ServiceKeyClaim } from "./key-text.ts";
export { type RevokedKey, type ServiceKeyMethods, serviceKeys } from "./service-key.mixin.ts";
