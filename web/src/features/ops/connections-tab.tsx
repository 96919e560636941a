import { useState } from "react";
import type { ConnectionView } from "../../../../contracts/http/admin.ts";
import { Choice } from "../../ui/field.tsx";
import { Time } from "../../ui/format.tsx";
import { More } from "../../ui/more.tsx";
import { Badge, Empty, Loading } from "../../ui/states.tsx";
import { useAdminList } from "./queries.ts";
import { TableBox } from "./table-box.tsx";

const ConnectionsTab = () => {
	const [live, setLive] = useState("true");
	const connections = useAdminList<ConnectionView>("connections", { live: live || undefined });
	return (
		<>
			<Choice label="Show" className="mb-4 max-w-56" value={live} onChange={(event) => setLive(event.target.value)}>
				<option value="true">Open ones</option>
				<option value="false">Those that ended</option>
				<option value="">All of a day</option>
			</Choice>
			<Loading of={connections}>
				{({ pages }) => {
					const items = pages.flatMap((page) => page.items);
					if (items.length === 0) return <Empty title="No connections" />;
					return (
						<TableBox label="Connections" heads={["Stream", "User", "Node", "From", "Since", "State"]}>
							{items.map(({ id, stream, userId, node, address, agent, connectedAt, live: isLive, endedBy }) => (
								<tr key={id}>
									<td className="font-mono text-xs">{stream}</td>
									<td className="font-mono text-xs">{userId}</td>
									<td>{node}</td>
									<td title={agent}>{address}</td>
									<td>
										<Time at={connectedAt} />
									</td>
									<td>{isLive ? <Badge tone="ok">open</Badge> : <Badge>{endedBy ?? "ended"}</Badge>}</td>
								</tr>
							))}
						</TableBox>
					);
				}}
			</Loading>
			<More of={connections} />
		</>
	);
};
export default ConnectionsTab;
