import { LiveLimits } from "./live-limits.ts";
import { appRouter } from "./router.ts";
import { type ApiServices, createCallerFactory } from "./trpc.ts";

/**
 * The bridge to Next's server components, which run in this process but in a bundle of their own: they find
 * the caller at `globalThis[Symbol.for("tributary.caller")]` and import nothing but its type.
 */
const callerSymbol = Symbol.for("tributary.caller");

export type TributaryCaller = ReturnType<typeof makeCaller>;

export function publishCaller(services: ApiServices): void {
  Object.assign(globalThis, { [callerSymbol]: makeCaller(services) });
}

function makeCaller(services: ApiServices) {
  return createCallerFactory(appRouter)({ ...services, from: null, live: new LiveLimits(), socket: null });
}
