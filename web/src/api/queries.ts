import { QueryClient } from "@tanstack/react-query";
import { mayPass } from "./problem.ts";

export const queries = new QueryClient({
	defaultOptions: {
		queries: { staleTime: 2_000, retry: (failures, error) => mayPass(error) && failures < 3 },
		// Whoever repeats a change does so under the key of the first try.
		mutations: { retry: false },
	},
});
