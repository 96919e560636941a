import { useDeferredValue, useState } from "react";
import { toast } from "sonner";
import { ask } from "../../api/http.ts";
import { wordsOf } from "../../api/problem.ts";
import { queries } from "../../api/queries.ts";
import { Field } from "../../ui/field.tsx";
import { Name, Time } from "../../ui/format.tsx";
import { More } from "../../ui/more.tsx";
import { Badge, Empty, Loading } from "../../ui/states.tsx";
import { useAdminList } from "./queries.ts";
import { TableBox } from "./table-box.tsx";

interface User {
	id: string;
	email: string;
	name: string;
	roles: string[];
	suspended: boolean;
	createdAt: string;
	version: number;
}

const suspend = ({ id, suspended, version }: User): void => {
	ask("PATCH", `/v1/admin/users/${id}`, { body: { suspended: !suspended }, ifMatch: version }).then(
		() => void queries.invalidateQueries({ queryKey: ["ops", "users"] }),
		(error: unknown) => toast.error(wordsOf(error)),
	);
};

const UsersTab = () => {
	const [typed, setTyped] = useState("");
	const q = useDeferredValue(typed.trim());
	const users = useAdminList<User>("users", { q: q || undefined });
	return (
		<>
			<Field
				label="Name begins with"
				className="mb-4 max-w-72"
				value={typed}
				dir="auto"
				onChange={(event) => setTyped(event.target.value)}
			/>
			<Loading of={users}>
				{({ pages }) => {
					const items = pages.flatMap((page) => page.items);
					if (items.length === 0) return <Empty title="Nobody is called like that" />;
					return (
						<TableBox label="Users" heads={["Name", "E-mail", "Roles", "Since", "State", ""]}>
							{items.map((user) => (
								<tr key={user.id}>
									<td>
										<Name>{user.name}</Name>
									</td>
									<td>{user.email}</td>
									<td>{user.roles.join(", ")}</td>
									<td>
										<Time at={user.createdAt} />
									</td>
									<td>{user.suspended ? <Badge tone="danger">suspended</Badge> : <Badge tone="ok">active</Badge>}</td>
									<td>
										<button type="button" className="btn btn-small" onClick={() => suspend(user)}>
											{user.suspended ? "Let in again" : "Suspend"}
											<span className="sr-only"> {user.name}</span>
										</button>
									</td>
								</tr>
							))}
						</TableBox>
					);
				}}
			</Loading>
			<More of={users} />
		</>
	);
};
export default UsersTab;
