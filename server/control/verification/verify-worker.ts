import { rm } from "node:fs/promises";
import { parentPort } from "node:worker_threads";
import { toReason } from "../../errors/tributary-error.ts";
import { Repair } from "../../verify/repair.ts";
import { verdictJson } from "../../verify/verdict-text.ts";
import { Verification } from "../../verify/verification.ts";
import { keyOfPlain, plainKey, type VerifyCommand, type VerifyMessage } from "./verify-protocol.ts";

// The entry of the own thread of a verification, or of a repair: one run, then its end.
const port = parentPort;
if (port === null) throw new Error("verify-worker runs in a worker thread only");

/** ms between two messages about its progress. */
const SAY_MS = 500;
const stop = new AbortController();
let verification: Verification | null = null;
const say = (message: VerifyMessage) => port.postMessage(message);

port.on("message", (command: VerifyCommand) => {
  switch (command.type) {
    case "run":
      void run(command);
      return;
    case "repair":
      void repair(command);
      return;
    case "pace":
      if (verification !== null) Object.assign(verification.pace.limits, command.pace);
      return;
    case "pause":
      verification?.pace.pause();
      return;
    case "resume":
      verification?.pace.resume();
      return;
    case "cancel":
      stop.abort();
  }
});

async function run({ spec, pace, listed }: Extract<VerifyCommand, { type: "run" }>): Promise<void> {
  const { prefix } = spec.range;
  const range = { ...spec.range, prefix: prefix === null ? null : Buffer.from(prefix, "base64") };
  const started = new Verification(
    { ...spec, range },
    { pace: { ...pace }, limits: { listed }, signal: stop.signal },
  );
  verification = started;
  const timer = setInterval(() => say({ type: "progress", progress: started.progress }), SAY_MS);
  try {
    const verdict = verdictJson(await started.run());
    say({ type: "progress", progress: started.progress });
    say({ type: "verdict", verdict, named: started.named.map(plainKey) });
  } catch (error) {
    say({ type: "failed", reason: toReason(error), canceled: stop.signal.aborted });
  } finally {
    clearInterval(timer);
    await rm(spec.directory, { recursive: true, force: true }).catch(() => {});
    port?.close();
  }
}

async function repair({ spec, keys, onlyNote }: Extract<VerifyCommand, { type: "repair" }>): Promise<void> {
  const places = new Map(keys.map((one, place) => [keyOfPlain(one), place]));
  const known = new Map(
    [...places].flatMap(([key, place]) => {
      const { before } = keys[place]!;
      return before === undefined ? [] : [[key, before] as const];
    }),
  );
  const started = new Repair({
    spec,
    onlyNote,
    onNoted: (shard) => say({ type: "noted", shard }),
    onKeys: (repaired) =>
      say({
        type: "came",
        keys: repaired.map(({ key, outcome, before, after }) => ({
          ...{ place: places.get(key)!, outcome, before, after },
        })),
      }),
    now: Date.now,
    signal: stop.signal,
  });
  const timer = setInterval(() => say({ type: "repairing", progress: started.progress }), SAY_MS);
  try {
    await started.run([...places.keys()], known);
    say({ type: "repaired" });
  } catch (error) {
    say({ type: "failed", reason: toReason(error), canceled: stop.signal.aborted });
  } finally {
    clearInterval(timer);
    port?.close();
  }
}
