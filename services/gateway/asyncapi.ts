import { addBus } from "./asyncapi-bus.ts";
import type { Document } from "./asyncapi-parts.ts";
import { addSockets } from "./asyncapi-sockets.ts";
import type { Json } from "./refer.ts";

// The AsyncAPI 3.0 document: what crosses sockets and, in a cluster, the bus. All of it from contracts/; Souk is the application.

export interface AsyncApiOptions {
	info: { title: string; version: string; description: string };
	/** Where clients reach the sockets, as http(s) URL. */
	publicUrl: string;
	/** Of subjects on the bus. */
	prefix: string;
}

const servers = (publicUrl: string): Json => {
	const { host, protocol } = new URL(publicUrl);
	return {
		sockets: {
			host,
			pathname: "/socket.io",
			protocol: protocol === "https:" ? "wss" : "ws",
			title: "socket.io 4",
			description: "socket.io's own protocol over WebSocket or long polling; addresses of channels are its namespaces.",
			security: [{ $ref: "#/components/securitySchemes/token" }],
		},
		bus: {
			host: "{host}",
			protocol: "nats",
			title: "NATS with JetStream",
			description: "In a cluster; a Souk in one process has its bus inside and none of these subjects.",
			variables: { host: { default: "localhost:4222", description: "The server that TRANSPORTER names" } },
			security: [{ $ref: "#/components/securitySchemes/nats" }],
		},
	};
};

const securitySchemes = {
	token: {
		type: "http",
		scheme: "bearer",
		bearerFormat: "JWT",
		description: "An access token, as `token` of socket.io's `auth`",
	},
	nats: { type: "userPassword", description: "As the NATS server asks for it" },
};

export const asyncApi = ({ info, publicUrl, prefix }: AsyncApiOptions): Json => {
	const document: Document = { channels: {}, operations: {}, messages: {}, schemas: new Map() };
	addSockets(document);
	addBus(document, prefix);
	const { channels, operations, messages, schemas } = document;
	return {
		asyncapi: "3.0.0",
		info,
		defaultContentType: "application/json",
		servers: servers(publicUrl),
		channels,
		operations,
		components: { messages, schemas: Object.fromEntries(schemas), securitySchemes },
	};
};
