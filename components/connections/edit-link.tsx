import Link from "next/link";
import { ForRole } from "@/components/people/me";

/** What may be a wrong address, user or password of the task. */
const ofConnection = new Set([
  ...["CONNECT_REFUSED", "CONNECT_TIMEOUT", "CONNECT_FAILED", "TLS_FAILED", "AUTH_REQUIRED", "AUTH_FAILED"],
  ...["NOT_REDIS", "IS_NUTCRACKER", "IS_SENTINEL", "SOURCE_NO_MASTER", "SENTINEL_UNREACHABLE"],
  ...["SENTINEL_MASTER_UNKNOWN", "DESTINATION_READONLY", "SHARD_DUPLICATE"],
]);

/** Leads from a failure to where it can be mended, where a connection may be at fault. */
export function EditConnectionsLink({ taskId, code }: { taskId: string; code: string }) {
  if (!ofConnection.has(code)) return null;
  return (
    <ForRole needs="operator">
      <p className="mt-1.5">
        <Link href={`/tasks/${taskId}/connections`} className="underline underline-offset-3">
          Edit connections
        </Link>
      </p>
    </ForRole>
  );
}
