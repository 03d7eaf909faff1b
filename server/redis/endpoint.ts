import { TributaryError } from "../errors/tributary-error.ts";
import { controlCharacterIn } from "./control-character.ts";

/** Where one Redis-Server listens and how to enter it. Plain data: it crosses threads. */
export type RedisEndpoint = {
  readonly host: string;
  /** 1 to 65535. */
  readonly port: number;
  readonly tls: boolean;
  /** ACL user (Redis 6 and later); null is the default user. */
  readonly username: string | null;
  readonly password: string | null;
  /** The database that the address names; null where it names none. */
  readonly db: number | null;
};

/**
 * Reads `host:port`, `host` (port 6379), `[v6]:port`, `redis://user:password@host:port/db` and `rediss://…`.
 * User name and password are percent-decoded (the URI scheme of redis-cli).
 * @param defaultPort where the address names none.
 * @throws TributaryError ADDRESS_INVALID; the message never repeats a password.
 */
export function parseEndpoint(input: string, defaultPort = 6379): RedisEndpoint {
  const text = input.trim();
  const invalid = (detail: string) =>
    new TributaryError("ADDRESS_INVALID", { input: maskPassword(text) || "An empty text", detail });
  if (text === "") throw invalid("nothing was given");
  // A URL would lose line breaks and tabs without a word.
  refuseControls(text, "it");
  const scheme = /^([a-z][a-z0-9+.-]*):\/\//i.exec(text)?.[1]?.toLowerCase();
  if (scheme !== undefined && scheme !== "redis" && scheme !== "rediss") {
    throw invalid(`the scheme ${scheme}:// is not known`);
  }
  let url: URL;
  try {
    url = new URL(scheme === undefined ? `redis://${text}` : text);
  } catch {
    throw invalid("it cannot be read as host:port");
  }
  if (url.hostname === "") throw invalid("the host is missing");
  if (url.search !== "" || url.hash !== "") throw invalid("options after ? or # are not supported");
  const path = url.pathname.replace(/^\//, "");
  if (path !== "" && !/^\d{1,6}$/.test(path))
    throw invalid("what follows the / is not the number of a database");
  const port = url.port === "" ? defaultPort : Number(url.port);
  if (port < 1) throw invalid("the port must be 1 to 65535");
  const username = url.username === "" ? null : decode(url.username, invalid);
  const password = url.password === "" ? null : decode(url.password, invalid);
  refuseControls(username ?? "", "the user name");
  refuseControls(password ?? "", "the password");
  return {
    host: url.hostname.replace(/^\[(.*)\]$/, "$1"),
    port,
    tls: scheme === "rediss",
    username,
    password,
    db: path === "" ? null : Number(path),
  };
}

/** `host:port`, with brackets round an IPv6 host: for messages, lists and logs. Holds no secret. */
export function formatAddress(endpoint: Pick<RedisEndpoint, "host" | "port">): string {
  return endpoint.host.includes(":")
    ? `[${endpoint.host}]:${endpoint.port}`
    : `${endpoint.host}:${endpoint.port}`;
}

/** The text itself is not repeated: it would go on in a log. @throws TributaryError ADDRESS_INVALID */
export function refuseControls(text: string, what: string): void {
  const found = controlCharacterIn(text);
  if (found === null) return;
  throw new TributaryError("ADDRESS_INVALID", { input: "What was given", detail: `${what} holds ${found}` });
}

function decode(part: string, invalid: (detail: string) => TributaryError): string {
  try {
    return decodeURIComponent(part);
  } catch {
    throw invalid("a % in the user name or password must be written as %25");
  }
}

function maskPassword(text: string): string {
  return text.replace(/^([a-z][a-z0-9+.-]*:\/\/)?.*@/is, "$1***@");
}
