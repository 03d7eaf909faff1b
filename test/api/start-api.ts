import type { AddressInfo } from "node:net";
import { onTestFinished } from "vitest";
import { clientReader } from "../../server/api/client-address.ts";
import { createHttpServer } from "../../server/api/http-server.ts";
import { requestGuard } from "../../server/api/request-guard.ts";
import { systemInfoOf } from "../../server/api/system-info.ts";
import type { People } from "../../server/people/people.ts";
import { openTestControl, type TestControl } from "../control/harness/open-test-control.ts";
import { openTestPeople } from "../people/open-test-people.ts";

export type TestApi = TestControl & { readonly url: string; readonly port: number };

/** The API over HTTP and WebSocket on 127.0.0.1, with pages that answer "page"; nobody has to sign in unless said. */
export async function startApi(
  options: {
    control?: TestControl;
    port?: number;
    requestTimeoutMs?: number;
    people?: People;
    /** As TRUST_PROXY. */
    trustProxy?: string;
    notReady?: () => readonly string[];
    onError?: (error: Error) => void;
  } = {},
): Promise<TestApi> {
  const control = options.control ?? openTestControl();
  const { server, close } = createHttpServer({
    services: {
      control: control.control,
      people: options.people ?? openTestPeople(control, { login: "off" }).people,
      systemInfo: systemInfoOf("/"),
    },
    clientOf: clientReader(options.trustProxy ?? ""),
    guard: requestGuard({ host: "127.0.0.1", allowed: ["river.example"] }),
    pages: {
      request: (_, response) => response.end("page"),
      upgrade: (_, socket) => socket.destroy(),
    },
    ...(options.notReady === undefined ? {} : { notReady: options.notReady }),
    ...(options.requestTimeoutMs === undefined ? {} : { requestTimeoutMs: options.requestTimeoutMs }),
    onError: options.onError ?? (() => {}),
  });
  await new Promise<void>((resolve) => server.listen(options.port ?? 0, "127.0.0.1", resolve));
  let open = true;
  const closeAll = async () => {
    if (!open) return;
    open = false;
    await close();
    await control.close();
  };
  onTestFinished(closeAll);
  const { port } = server.address() as AddressInfo;
  return { ...control, close: closeAll, port, url: `http://127.0.0.1:${port}` };
}
