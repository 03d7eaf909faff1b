import { z } from "zod";
import { repeatedDatabases } from "../control/plan/database-pairs.ts";
import { mergePolicies } from "../merge/merge-policy.ts";
import { controlCharacterIn } from "../redis/control-character.ts";
import { maxNutcrackerBytes } from "../twemproxy/nutcracker-size.ts";

export { maxNutcrackerBytes } from "../twemproxy/nutcracker-size.ts";

/** @param missing what to say where there is no address. */
const addressInput = (missing: string) =>
  z.object({
    address: z.string().trim().min(1, missing).max(4096, "Use at most 4,096 characters."),
    username: z.string().max(256, "Use at most 256 characters.").optional(),
    password: z.string().max(512, "Use at most 512 characters.").optional(),
  });

const wrongDb = "Give a database number, 0 or higher.";
const dbNumber = z.number(wrongDb).int(wrongDb).min(0, wrongDb).max(999_999, wrongDb);

export const databaseMap = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("all") }),
  z.object({
    kind: z.literal("pairs"),
    pairs: z.array(z.object({ source: dbNumber, destination: dbNumber })).max(1024),
  }),
]);

/** Says of every pair that repeats a database what is wrong; the server refuses the first one by its own code. */
const distinctDatabases = databaseMap.superRefine((map, context) => {
  if (map.kind === "all") return;
  for (const { index, field, first } of repeatedDatabases(map.pairs)) {
    const { source, destination } = map.pairs[index]!;
    const message =
      field === "source"
        ? `Source database ${source} is in row ${first + 1} already.`
        : `Row ${first + 1} goes to database ${destination} already: equal keys would overwrite each other.`;
    context.addIssue({ code: "custom", message, path: ["pairs", index, field] });
  }
});

export const shardInputs = z
  .array(addressInput("Give the shard's address.").extend({ name: z.string().max(64).optional() }))
  .max(1024, "Give at most 1,024 shards.");

const source = z.discriminatedUnion("kind", [
  z.object({
    kind: z.literal("nutcracker"),
    text: z
      .string()
      .max(maxNutcrackerBytes, "The file is larger than 64 KiB. Give the nutcracker.yml itself.")
      .refine((text) => text.trim() !== "", "Paste your nutcracker.yml, or enter the shards by hand."),
    pool: z.string().min(1, "Choose a pool.").max(1024),
    further: z
      .record(z.string().max(1024), z.string().trim().max(4096, "Use at most 4,096 characters."))
      .optional(),
    stats: z.string().trim().max(300, "Use at most 300 characters.").optional(),
  }),
  z.object({
    kind: z.literal("shards"),
    shards: shardInputs,
  }),
]);

/** Two names of one server are found by a check; an address that was pasted twice is found at once. */
const distinctSource = source.superRefine((given, context) => {
  if (given.kind !== "shards") return;
  const addresses = given.shards.map(({ address }) => address);
  for (const [index, address] of addresses.entries()) {
    if (addresses.indexOf(address) === index) continue;
    const message = "The same address as a shard above: remove one of them.";
    context.addIssue({ code: "custom", message, path: ["shards", index, "address"] });
  }
});

export const destinationKeys = z.enum(["must-be-empty", "overwrite", "keep"]);
const wrongKeys = "Give a whole number of keys, 0 or more.";
const wrongShare = "Give a percentage from 0 to 100.";
export const shrink = z.object({
  onShrink: z.enum(["hold", "follow", "keep"]),
  maxKeys: z.number(wrongKeys).int(wrongKeys).min(0, wrongKeys).max(1e12, wrongKeys),
  maxShare: z.number(wrongShare).min(0, wrongShare).max(1, wrongShare),
});
const onFlush = z.enum(["skip", "own-keys"]);

const connection = (missing: string) =>
  addressInput(missing).extend({
    further: z.string().trim().max(4096, "Use at most 4,096 characters.").optional(),
    withoutPassword: z.boolean().optional(),
  });

/** Where the servers of a task are from now on; an empty password keeps the one there is. */
export const connectionsChange = z.object({
  shards: z
    .array(connection("Give the shard's address.").extend({ id: z.string().min(1).max(64) }))
    .max(1024),
  destination: connection("Give the destination's address.").optional(),
});

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

/** What the connection test is given: a task without its name. */
export const connectionInput = z.object({
  source,
  destination: addressInput("Give the destination's address."),
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
  .min(1, "Give the task a name.")
  .max(80, "Use at most 80 characters.")
  .refine((name) => controlCharacterIn(name) === null, "Use a name without control characters.");

export const taskInput = connectionInput.extend({
  name: taskName,
  /** Start it at once. */
  start: z.boolean().optional(),
  /** Create it although checks fail; they are made again at the start. */
  skipChecks: z.boolean().optional(),
  confirmation: confirmation.optional(),
});

/** What the form of a new task becomes. */
export const newTaskInput = taskInput.extend({
  source: distinctSource,
  databases: distinctDatabases.optional(),
});

export const taskId = z.object({ id: z.string().min(1).max(64) });
export const shardId = z.object({ taskId: z.string().min(1).max(64), shardId: z.string().min(1).max(64) });
