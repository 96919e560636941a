import type { Peer } from "../../realtime/peers.ts";
import { startDoorNode } from "./door-world.ts";

// A node with a door as a process of its own, to be killed: node door-child.ts <id> <all peers as JSON>

const [id = "", peersText = "[]"] = process.argv.slice(2);
const peers = JSON.parse(peersText) as Peer[];
const own = peers.find((peer) => peer.id === id);
if (!own) throw new Error(`${id} is not among its peers`);
const node = await startDoorNode(id, { port: Number(own.address.split(":")[1]), key: own.key });
node.placement.setPeers(peers);
process.stdout.write("ready\n");
