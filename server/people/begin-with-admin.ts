import { isIP } from "node:net";
import { z } from "zod";
import { TributaryError } from "../errors/tributary-error.ts";
import type { People } from "./people.ts";

/**
 * Whether a login is asked for. It may be off only where nobody but this machine can connect.
 * @param wanted TRIBUTARY_AUTH. @param host where the server listens. @throws TributaryError INPUT_INVALID, AUTH_OFF_NOT_LOOPBACK
 */
export function loginMode(wanted: string | undefined, host: string): "on" | "off" {
  if (wanted === undefined || wanted === "" || wanted === "on") return "on";
  if (wanted !== "off")
    throw new TributaryError("INPUT_INVALID", {
      field: "TRIBUTARY_AUTH",
      detail: `${wanted} is neither on nor off`,
    });
  const isLoopback = host === "localhost" || host === "::1" || (isIP(host) === 4 && host.startsWith("127."));
  if (!isLoopback) throw new TributaryError("AUTH_OFF_NOT_LOOPBACK", { host });
  return "off";
}

/**
 * The administrator of a new installation, from TRIBUTARY_ADMIN_EMAIL and TRIBUTARY_ADMIN_PASSWORD. They count only
 * while there is nobody; the password leaves the environment, where everything in this process could read it.
 * @throws TributaryError INPUT_INVALID
 */
export async function beginWithAdmin(people: People, env: NodeJS.ProcessEnv): Promise<void> {
  const { TRIBUTARY_ADMIN_EMAIL: address, TRIBUTARY_ADMIN_PASSWORD: password } = env;
  delete env.TRIBUTARY_ADMIN_PASSWORD;
  if ((!address && !password) || people.login === "off" || people.persons.count() > 0) return;
  const email = z.email().max(200).safeParse(address);
  const invalid = (field: string, detail: string) => new TributaryError("INPUT_INVALID", { field, detail });
  if (!email.success) throw invalid("TRIBUTARY_ADMIN_EMAIL", "give an e-mail address");
  if (!password) throw invalid("TRIBUTARY_ADMIN_PASSWORD", "give a password beside TRIBUTARY_ADMIN_EMAIL");
  const name = email.data.split("@")[0]!.slice(0, 80);
  try {
    await people.setUp({ name, email: email.data.toLowerCase(), password });
  } catch (error) {
    if (!(error instanceof TributaryError) || error.code !== "INPUT_INVALID") throw error;
    throw invalid("TRIBUTARY_ADMIN_PASSWORD", String(error.details.detail));
  }
}
