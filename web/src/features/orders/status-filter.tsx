import { Choice } from "../../ui/field.tsx";
import { statuses } from "./status.tsx";

export const StatusFilter = ({ value, onChange }: { value: string; onChange: (status: string) => void }) => (
	<Choice label="Status" value={value} onChange={(event) => onChange(event.target.value)}>
		<option value="">All</option>
		{Object.entries(statuses).map(([status, [name]]) => (
			<option key={status} value={status}>
				{name}
			</option>
		))}
	</Choice>
);
