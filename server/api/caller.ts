import { LiveLimits } from "./live-limits.ts";
import type { PageVisits } from "./page-visits.ts";
import { appRouter } from "./router.ts";
import { type ApiServices, createCallerFactory } from "./trpc.ts";

/**
 * The bridge to Next's server components, which run in this process but in a bundle of their own: they find
 * what makes a caller at `globalThis[Symbol.for("tributary.caller")]` and import nothing but its type.
 */
const callerSymbol = Symbol.for("tributary.caller");

/** Calls the API as whoever asks for the page; `visit` is what the page's request has as x-tributary-visit. */
export type CallerOf = (visit: string | null) => ReturnType<ReturnType<typeof factory>>;

const factory = () => createCallerFactory(appRouter);

export function publishCaller(services: ApiServices, visits: PageVisits): void {
  const make = factory();
  const callerOf: CallerOf = (visit) =>
    make({ ...services, ...visits.of(visit), live: new LiveLimits(), socket: null });
  Object.assign(globalThis, { [callerSymbol]: callerOf });
}
