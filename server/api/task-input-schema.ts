import { z } from "zod";
import { maxNutcrackerBytes } from "../control/plan/nutcracker-reader.ts";
import { controlCharacterIn } from "../control/plan/task-plan.ts";
import { mergePolicies } from "../control/plan/task-ring.ts";
import { actorOf } from "../control/tasks/actor.ts";

const password = z.string().max(512);
const address = z.string().trim().min(1, "an address is wanted").max(4096);

const addressInput = z.object({
  address,
  username: z.string().max(256).optional(),
  password: password.optional(),
});

const dbNumber = z.number().int().min(0).max(999_999);

export const databaseMap = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("all") }),
  z.object({
    kind: z.literal("pairs"),
    pairs: z.array(z.object({ source: dbNumber, destination: dbNumber })).max(1024),
  }),
]);

export const shardInputs = z.array(addressInput.extend({ name: z.string().max(64).optional() })).max(1024);

const source = z.discriminatedUnion("kind", [
  z.object({
    kind: z.literal("nutcracker"),
    text: z.string().max(maxNutcrackerBytes, "the file is larger than 64 KiB"),
    pool: z.string().min(1, "choose a pool").max(1024),
    further: z.record(z.string().max(1024), z.string().trim().max(4096)).optional(),
    stats: z.string().trim().max(300).optional(),
  }),
  z.object({
    kind: z.literal("shards"),
    shards: shardInputs,
  }),
]);

export const destinationKeys = z.enum(["must-be-empty", "overwrite", "keep"]);
const shrink = z.object({
  onShrink: z.enum(["hold", "follow", "keep"]),
  maxKeys: z.number().int().min(0).max(1e12),
  maxShare: z.number().min(0).max(1),
});
const onFlush = z.enum(["skip", "own-keys"]);

/** How a task merges, as far as it can be changed. */
export const settingsChange = z.object({
  mergePolicy: z.enum(mergePolicies).optional(),
  shrink: shrink.optional(),
  onFlush: onFlush.optional(),
});

/** Why something is done that cannot be undone; the audit keeps it (server/api/trpc.ts). */
export const reason = z.string().trim().max(400).optional();

/** The name of who asks, where nobody signs in; otherwise it is that of the login, whatever a client says. */
export const by = z.string().trim().max(80).optional();

/** The answer to the question of a start into a destination in use. */
export const confirmation = z.object({ token: z.string().min(1).max(64), by });

/** @param from the address of the caller. */
export function given(answer: z.infer<typeof confirmation> | undefined, from: string | null) {
  return answer === undefined ? null : { token: answer.token, ...actorOf(answer.by, from) };
}

/** What the connection test is given: a task without its name. */
export const connectionInput = z.object({
  source,
  destination: addressInput,
  databases: databaseMap.optional(),
  mergePolicy: z.enum(mergePolicies).optional(),
  destinationKeys: destinationKeys.optional(),
  shrink: shrink.optional(),
  onFlush: onFlush.optional(),
  publish: z.enum(["forward", "skip"]).optional(),
  onDestinationDataLost: z.enum(["resync", "stop"]).optional(),
});

export const taskName = z
  .string()
  .trim()
  .min(1, "a name is wanted")
  .max(80, "at most 80 characters")
  .refine((name) => controlCharacterIn(name) === null, "it holds a control character");

export const taskInput = connectionInput.extend({
  name: taskName,
  /** Start it at once. */
  start: z.boolean().optional(),
  /** Create it although checks fail; they are made again at the start. */
  skipChecks: z.boolean().optional(),
  confirmation: confirmation.optional(),
});

export const taskId = z.object({ id: z.string().min(1).max(64) });
export const shardId = z.object({ taskId: z.string().min(1).max(64), shardId: z.string().min(1).max(64) });
