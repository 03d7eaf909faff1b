import type { Redis } from "ioredis";

/** What waits for a key that does not come is told at once that its time is over: nothing else may write meanwhile. */
export async function keepUnblocked(client: Redis): Promise<{ end: () => void }> {
  const id = await client.client("ID");
  const other = client.duplicate();
  other.on("error", () => {});
  const again = setInterval(() => {
    other.client("UNBLOCK", id, "TIMEOUT").catch(() => {});
  }, 20);
  return {
    end: () => {
      clearInterval(again);
      other.disconnect();
    },
  };
}
