import Link from "next/link";
import { CardSection } from "@/components/controls/card";
import { Fact } from "@/components/controls/fact";
import { formatPlural } from "@/components/format/count";
import { Ago } from "@/components/live/ago";
import {
  boundText,
  destinationKeysChoices,
  flushChoices,
  labelOf,
  policyChoices,
  shrinkChoices,
} from "@/components/merging/merge-choices";
import { ForRole } from "@/components/people/me";
import type { TaskView } from "@/server/control/views/task-view";
import type { DatabaseMap } from "@/server/sync/spec/shard-sync-spec";
import { ChangeSettings } from "./change-settings";

/** What the task was told to do. */
export function TaskSettings({ task }: { task: TaskView }) {
  const { source, merging } = task;
  return (
    <CardSection
      title="Settings"
      aside={
        <ForRole needs="operator">
          <ChangeSettings task={task} />
        </ForRole>
      }
    >
      <dl className="grid grid-cols-2 gap-x-4 gap-y-3 px-4 pt-1 pb-5 sm:px-5">
        {source.kind === "nutcracker" ? (
          <>
            <Fact label="Pool">{source.pool}</Fact>
            <Fact label="Distribution">
              {source.distribution}, {source.hash}
            </Fact>
            <Fact label="Hash tag">{source.hashTag ?? "none"}</Fact>
            <Fact label="Auto eject">{source.autoEjectHosts ? "on: stale copies are possible" : "off"}</Fact>
            {source.stats !== null && <Fact label="Statistics of nutcracker">{source.stats}</Fact>}
          </>
        ) : (
          <Fact label="Source">Shards given by hand</Fact>
        )}
        <Fact label="Databases">{databasesText(task.databases)}</Fact>
        <Fact label="Failovers">{failoverText(task.shards)}</Fact>
        <Fact label="Key on several shards">{labelOf(policyChoices, merging.policy)}</Fact>
        <Fact label="Keys that were there">{labelOf(destinationKeysChoices, merging.destinationKeys)}</Fact>
        <Fact label="Shard that shrinks">
          {labelOf(shrinkChoices, merging.shrink.onShrink)}, {boundText(merging.shrink)}
        </Fact>
        <Fact label="FLUSHALL of a shard">{labelOf(flushChoices, merging.onFlush)}</Fact>
        {merging.confirmed !== null && (
          <Fact label="Start confirmed by" className="col-span-full">
            {confirmedText(merging.confirmed)}, <Ago at={merging.confirmed.at} />
          </Fact>
        )}
        <Fact label="PUBLISH">{task.publish === "forward" ? "forwarded" : "left out"}</Fact>
        <Fact label="On lost data">
          {task.onDestinationDataLost === "resync" ? "synchronizes again" : "stops the shard"}
        </Fact>
        <ForRole needs="operator">
          <Fact label="Addresses and passwords">
            <Link href={`/tasks/${task.id}/connections`} className="underline underline-offset-3">
              Edit connections
            </Link>
          </Fact>
        </ForRole>
        <Fact label="Created">
          <Ago at={task.createdAt} />
        </Fact>
      </dl>
    </CardSection>
  );
}

function confirmedText({ by, from, keys, neighbors }: NonNullable<TaskView["merging"]["confirmed"]>): string {
  const where = from === null ? "" : ` (${from})`;
  const found = keys === null || keys === 0 ? "" : `, ${formatPlural(keys, "key")} there`;
  const beside = neighbors.length === 0 ? "" : `, beside ${neighbors.join(", ")}`;
  return `${by}${where}${found}${beside}`;
}

function failoverText(shards: TaskView["shards"]): string {
  const followed = shards.filter((shard) => shard.otherAddresses.length > 0).length;
  if (followed === 0) return "not followed: one address each";
  return followed === shards.length ? "followed" : `followed for ${followed} of ${shards.length} shards`;
}

function databasesText(map: DatabaseMap): string {
  if (map.kind === "all") return "all, same numbers";
  return map.pairs.map(({ source, destination }) => `${source} → ${destination}`).join(", ");
}
