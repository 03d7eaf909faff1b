import type { ServerResponse } from "node:http";
import type { TaskView } from "../control/views/task-view.ts";
import type { Asker } from "./access.ts";
import { sightOf } from "./masking/masked-answers.ts";
import { prometheusText } from "./prometheus.ts";
import type { ApiServices } from "./trpc.ts";

/** Answers Prometheus, without what is hidden from whoever asks. */
export async function sendMetrics(
  services: ApiServices,
  asker: Asker,
  response: ServerResponse,
): Promise<void> {
  const { control, systemInfo } = services;
  const sight = sightOf(services, asker);
  const tasks = control.list().map(({ id }) => {
    const task = control.task(id);
    return sight === null ? task : (sight.of("task.get", task) as TaskView);
  });
  const writable = control.storageProblem() === null;
  const { text, contentType } = await prometheusText(tasks, await systemInfo(), writable);
  response.writeHead(200, { "content-type": contentType });
  response.end(text);
}
