import { controlCharacterIn } from "../redis/control-character.ts";
import type { NutcrackerServer } from "./nutcracker-pool.ts";

/**
 * Reads `host:port:weight [name]` or `/path:weight [name]`, from the end as Twemproxy does
 * (twemproxy: nc_conf.c conf_add_server): the name follows the last space, the weight the last colon before
 * it, the port the one before that. What is left is the host, so IPv6 needs no brackets: `::1:6379:1`.
 * @param line its line in nutcracker.yml.
 */
export function parseServerLine(
  text: string,
  line: number,
): NutcrackerServer | { readonly message: string; readonly remedy: string } {
  const wrong = (message: string) => ({
    message,
    remedy: "Write it as host:port:weight name, e.g. 10.0.0.1:6379:1 alpha-1 (the name may be left out).",
  });
  const found = controlCharacterIn(text);
  if (found !== null) return wrong(`A server holds ${found}`);
  const space = text.lastIndexOf(" ");
  const given = space === -1 ? null : text.slice(space + 1);
  const place = space === -1 ? text : text.slice(0, space);
  const isSocket = text.startsWith("/");

  const weightColon = place.lastIndexOf(":");
  if (weightColon === -1) return wrong("A server has no weight");
  const weight = digits(place.slice(weightColon + 1));
  const address = place.slice(0, weightColon);
  const portColon = address.lastIndexOf(":");
  if (!isSocket && portColon === -1) return wrong("A server has no port or no weight");
  if (isSocket && portColon !== -1) return wrong("The path of a unix socket holds a colon");
  if (weight === null) return wrong("A server's weight is not a number");
  if (weight === 0) return wrong("A server's weight is 0");

  if (isSocket) {
    // Without a name nutcracker takes the colon into it: it counts one character for the port's colon.
    return { name: given ?? `${address}:`, host: "", port: 0, weight, socket: address, line };
  }
  const host = address.slice(0, portColon);
  const port = digits(address.slice(portColon + 1));
  if (port === null || port < 1 || port > 65_535) return wrong("A server's port is not 1 to 65535");
  if (host === "" || /\s/.test(host)) return wrong("A server's host is missing or holds a space");
  // Twemproxy leaves out the port that libmemcached leaves out, so that both build one ring.
  const name = given ?? (port === 11_211 ? host : address);
  return { name, host: host.replace(/^\[(.*)\]$/, "$1"), port, weight, socket: null, line };
}

function digits(text: string): number | null {
  return /^\d{1,9}$/.test(text) ? Number(text) : null;
}
