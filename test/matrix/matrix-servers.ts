import { execFileSync } from "node:child_process";
import { fetchedServer, givenServers, wantedServers } from "../../scripts/server-versions.mjs";
import { requiredBinary } from "../servers/required-binary.ts";
import { type ServerTraits, traitsOf } from "./server-traits.ts";

export type MatrixServer = {
  /** E.g. "Valkey 9.1". */
  readonly title: string;
  readonly binary: string;
  readonly traits: ServerTraits;
};

/** All that are to be fetched, under `npm run test:matrix`; else those that are installed. */
export function matrixServers(): readonly MatrixServer[] {
  const servers = process.env.TEST_MATRIX === undefined ? installed() : fetched();
  if (servers.length === 0) throw new Error("there is no server to test: run npm run test:matrix");
  return servers;
}

/** With those that somebody has put beside them. @throws Error where one is missing. */
function fetched(): MatrixServer[] {
  const given = givenServers().map(({ packageName, version, binary }) =>
    serverOf(packageName, version, binary),
  );
  if (process.env.TEST_MATRIX_GIVEN !== undefined) return given;
  const wanted = wantedServers.map(({ id, title, packageName }) => {
    const found = fetchedServer(id);
    if (found === null) throw new Error(`${title} was not fetched: npm run test:matrix fetches it`);
    return serverOf(packageName, found.version, found.binary);
  });
  return [...wanted, ...given];
}

function installed(): MatrixServer[] {
  return ["redis-server", "valkey-server"].flatMap((program) => {
    try {
      const binary = requiredBinary(program, program);
      const said = execFileSync(binary, ["--version"], { encoding: "utf8" });
      return [serverOf(program, /\bv=(\S+)/.exec(said)?.[1] ?? "", binary)];
    } catch {
      console.log(`${program} is not installed and is left out: npm run test:matrix fetches it`);
      return [];
    }
  });
}

function serverOf(program: string, version: string, binary: string): MatrixServer {
  const flavor = program === "valkey-server" ? "valkey" : "redis";
  const short = /^\d+\.\d+/.exec(version)?.[0] ?? version;
  return {
    title: `${flavor === "valkey" ? "Valkey" : "Redis"} ${short}`,
    binary,
    traits: traitsOf(flavor, version),
  };
}
