import { useState } from "react";
import type { AuditEntry } from "../../../../contracts/audit.ts";
import { Choice } from "../../ui/field.tsx";
import { Time } from "../../ui/format.tsx";
import { More } from "../../ui/more.tsx";
import { Badge, Empty, Loading, type Tone } from "../../ui/states.tsx";
import { useAdminList } from "./queries.ts";
import { TableBox } from "./table-box.tsx";

const tones: Readonly<Record<AuditEntry["outcome"], Tone>> = { begun: "warn", done: "ok", refused: "plain", failed: "danger" };

const AuditTab = () => {
	const [outcome, setOutcome] = useState("");
	const entries = useAdminList<AuditEntry>("audit", { outcome: outcome || undefined });
	return (
		<>
			<Choice label="Show" className="mb-4 max-w-56" value={outcome} onChange={(event) => setOutcome(event.target.value)}>
				<option value="">All changes</option>
				<option value="done">Done</option>
				<option value="refused">Refused</option>
				<option value="failed">Failed</option>
				<option value="begun">Begun, the end unknown</option>
			</Choice>
			<Loading of={entries}>
				{({ pages }) => {
					const items = pages.flatMap((page) => page.items);
					if (items.length === 0) return <Empty title="No changes" />;
					return (
						<TableBox label="Audit log" heads={["When", "Who", "What", "To", "With", "Outcome"]}>
							{items.map(({ id, at, actor, address, action, target, details, outcome: end, code }) => (
								<tr key={id} data-audit={action}>
									<td>
										<Time at={at} />
									</td>
									<td className="font-mono text-xs" title={address}>
										{actor.id}
									</td>
									<td>{action}</td>
									<td className="font-mono text-xs">{target}</td>
									<td className="font-mono text-xs">{JSON.stringify(details)}</td>
									<td>
										<Badge tone={tones[end]}>{code ?? end}</Badge>
									</td>
								</tr>
							))}
						</TableBox>
					);
				}}
			</Loading>
			<More of={entries} />
		</>
	);
};
export default AuditTab;
