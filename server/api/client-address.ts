import type { IncomingMessage } from "node:http";
import { BlockList, isIP } from "node:net";
import { TributaryError } from "../errors/tributary-error.ts";

/** Where a request came from. */
export type Client = {
  /** The caller's address. */
  readonly from: string | null;
  /** Whether it came over TLS. */
  readonly secure: boolean;
};

/**
 * Reads who is at the other end. Behind a proxy that is somebody else than who has connected: X-Forwarded-For and
 * X-Forwarded-Proto say who, and are believed only where they come from a proxy of the list, since any client can
 * write them. In X-Forwarded-For each proxy appends whom it heard: the last that is no proxy of ours is the client.
 * @param trusted TRUST_PROXY: "loopback", addresses, or networks such as 10.0.0.0/8, separated by commas.
 * @throws TributaryError INPUT_INVALID
 */
export function clientReader(trusted: string): (request: IncomingMessage) => Client {
  const proxies = listOf(trusted);
  const isProxy = (address: string) => {
    const plain = plainAddress(address);
    const family = isIP(plain);
    return family !== 0 && proxies.check(plain, family === 6 ? "ipv6" : "ipv4");
  };
  return (request) => {
    const peer = request.socket.remoteAddress ?? null;
    const secure = "encrypted" in request.socket;
    if (peer === null || !isProxy(peer)) return { from: peer, secure };
    const said = String(request.headers["x-forwarded-for"] ?? "")
      .split(",")
      .map((one) => plainAddress(one.trim()))
      .filter((one) => one !== "");
    const client = said.findLast((one) => !isProxy(one));
    // What is no address was not written by a proxy as it should be: whoever connected is all that is known.
    const from = client !== undefined && isIP(client) !== 0 ? client : peer;
    const scheme = String(request.headers["x-forwarded-proto"] ?? "")
      .split(",")
      .at(-1);
    return { from, secure: secure || scheme?.trim().toLowerCase() === "https" };
  };
}

function listOf(text: string): BlockList {
  const list = new BlockList();
  for (const entry of text.split(",").flatMap((one) => one.trim() || [])) {
    if (entry === "loopback") {
      list.addSubnet("127.0.0.0", 8, "ipv4");
      list.addAddress("::1", "ipv6");
      continue;
    }
    const [address = "", bits] = entry.split("/");
    const family = isIP(address);
    const most = family === 6 ? 128 : 32;
    const length = bits === undefined ? most : /^\d{1,3}$/.test(bits) ? Number(bits) : -1;
    if (family === 0 || length < 0 || length > most) {
      const detail = `${entry} is neither "loopback" nor an address, nor a network such as 10.0.0.0/8`;
      throw new TributaryError("INPUT_INVALID", { field: "TRUST_PROXY", detail });
    }
    list.addSubnet(address, length, family === 6 ? "ipv6" : "ipv4");
  }
  return list;
}

/** IPv4 as itself, also where a socket of both families says it as IPv6. */
function plainAddress(address: string): string {
  return /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1] ?? address;
}
