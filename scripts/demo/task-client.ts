import { createTRPCUntypedClient, httpLink } from "@trpc/client";
import superjson from "superjson";
import type { TaskInput } from "../../server/control/task-input.ts";
import type { TaskView } from "../../server/control/task-view.ts";

/** The two procedures of Tributary's API that the demo calls. */
export function taskClient(url: string): {
  /** Creates the task, starts it, and returns its id. */
  create(input: TaskInput): Promise<string>;
  get(taskId: string): Promise<TaskView>;
} {
  const client = createTRPCUntypedClient({
    links: [httpLink({ url: `${url}/api/trpc`, transformer: superjson })],
  });
  return {
    create: async (input) =>
      ((await client.mutation("task.create", { ...input, start: true })) as { id: string }).id,
    get: async (taskId) => (await client.query("task.get", { taskId })) as TaskView,
  };
}
