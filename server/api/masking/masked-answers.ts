import { z } from "zod";
import type { Control } from "../../control/control.ts";
import { TributaryError } from "../../errors/tributary-error.ts";
import { hiddenFrom } from "../../people/guest.ts";
import type { Masking } from "../../people/masking.ts";
import type { People } from "../../people/people.ts";
import type { Asker } from "../access.ts";
import { type HostMask, hostMask } from "./host-mask.ts";
import { maskedCutover, maskedReport, maskedSwitchFile } from "./masked-cutover.ts";
import { maskedEvents } from "./masked-events.ts";
import {
  maskedFinding,
  maskedRepaired,
  maskedRepairs,
  maskedRun,
  maskedSchedule,
  maskedVerifications,
} from "./masked-findings.ts";
import { maskedBoard, maskedShared } from "./masked-status.ts";
import { maskedRow, maskedShard, maskedTask } from "./masked-task.ts";

type Answers = {
  readonly [Action in keyof Control]: Control[Action] extends (...given: never[]) => infer Answer
    ? Awaited<Answer>
    : never;
};
type Mask = (answer: never, masking: Masking) => unknown;
const mask = <Answer>(hide: (answer: Answer, masking: Masking) => unknown): Mask => hide as Mask;
const each = <One>(hide: (one: One, masking: Masking) => unknown): Mask =>
  mask((answer: readonly One[], masking: Masking) => answer.map((one) => hide(one, masking)));
/** Numbers, and what the caller has given: nothing of a server. */
const nothing = mask((answer: unknown) => answer);

/**
 * What of the answer of each procedure that viewers or guests may call is hidden from them. One that does not stand here
 * answers none of them while anything is to be hidden.
 */
export const answers: Readonly<Record<string, Mask>> = {
  "account.me": nothing,
  "account.setUp": nothing,
  "account.invitation": nothing,
  "account.acceptInvitation": nothing,
  "account.changePassword": nothing,
  "cutover.file": mask(maskedSwitchFile),
  "cutover.get": mask(maskedCutover),
  "cutover.live": mask(maskedCutover),
  "cutover.report": mask(maskedReport),
  "share.get": mask(maskedShared),
  "share.live": mask(maskedShared),
  "shard.get": mask(maskedShard),
  "shard.live": mask(maskedShard),
  "shard.series": nothing,
  "status.get": mask(maskedBoard),
  "status.live": mask(maskedBoard),
  "system.info": nothing,
  "system.live": nothing,
  "task.events": mask(maskedEvents),
  "task.get": mask(maskedTask),
  "task.list": each(maskedRow),
  "task.live": mask(maskedTask),
  "task.liveList": each(maskedRow),
  "token.create": nothing,
  "token.list": nothing,
  "token.revoke": nothing,
  "verify.finding": mask(maskedFinding),
  "verify.findings": mask((page: Answers["findings"], masking) => ({
    ...page,
    findings: page.findings.map((one) => maskedFinding(one, masking)),
  })),
  "verify.history": each(maskedRun),
  "verify.live": mask(maskedVerifications),
  "verify.liveRepairs": mask(maskedRepairs),
  "verify.repairedKeys": each(maskedRepaired),
  "verify.repairs": mask(maskedRepairs),
  "verify.run": mask(maskedRun),
  "verify.schedule": mask(maskedSchedule),
  "verify.view": mask(maskedVerifications),
};

type Services = { readonly control: Control; readonly people: People };

/** What somebody sees of an answer. */
export type Sight = {
  readonly masking: Masking;
  /** The answer without what is hidden. */
  readonly of: (path: string, answer: unknown) => unknown;
  /** Any text, or all texts in something. */
  readonly hosts: <Some>(some: Some) => Some;
  /** The input as it was before a page got the ids of shards that name hosts. @throws TributaryError KEYS_HIDDEN */
  readonly asked: (input: unknown) => unknown;
};

/**
 * How somebody sees the server's answers: the one place that decides, by role, setting and link, and for every
 * way by which an answer leaves. null for who sees everything.
 */
export function sightOf({ control, people }: Services, { identity, guest }: Asker): Sight | null {
  const masking = guest === null ? people.masking.of(identity) : hiddenFrom(guest);
  if (masking === null || !(masking.values || masking.keys || masking.hosts)) return null;
  const hide = masking.hosts ? hostMask(control.hosts(), people.masking.salt) : null;
  const hosts = <Some>(some: Some): Some => (hide === null ? some : (withTexts(some, hide) as Some));
  return {
    masking,
    of: (path, answer) => {
      const known = answers[path];
      if (known === undefined)
        throw new TributaryError("ROLE_TOO_LOW", { needed: "operator", role: "viewer" });
      return hosts(known(answer as never, masking));
    },
    hosts,
    asked: (input) => {
      const given = fields.safeParse(input).data;
      if (given === undefined) return input;
      // Whoever may search by parts of a name can find the name.
      if (masking.keys && given.text) throw new TributaryError("KEYS_HIDDEN");
      if (hide === null || !given.shardId) return input;
      return { ...(input as object), shardId: shardBehind(given.shardId, control.shardIds(), hide) };
    },
  };
}

const fields = z.object({ text: z.string().nullish(), shardId: z.string().nullish() });

/** The id of a shard whose id names its host, by how it is shown; its real id is none to whom hosts are hidden from. */
function shardBehind(shown: string, ids: Iterable<string>, hide: HostMask): string {
  for (const id of ids) if (hide(id) === shown) return id;
  return hide(shown);
}

/** A copy in which each text has gone through `hide`: names of fields, too, which may be ids of shards. */
function withTexts(some: unknown, hide: HostMask): unknown {
  if (typeof some === "string") return hide(some);
  if (Array.isArray(some)) return some.map((one) => withTexts(one, hide));
  if (typeof some !== "object" || some === null || Buffer.isBuffer(some)) return some;
  return Object.fromEntries(
    Object.entries(some).map(([name, value]) => [hide(name), withTexts(value, hide)]),
  );
}
