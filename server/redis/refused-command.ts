/**
 * The command that an answer says is not permitted or not known, in upper case, a subcommand as `CLIENT KILL`; null
 * for an answer that names none. A command of many stands behind one error: only the server says which.
 * redis: acl.c (NOPERM … permissions to run the 'client|kill' command), server.c (unknown command 'x', with args …)
 */
export function refusedCommand(text: string): string | null {
  const name =
    /permissions to run the '([^']{1,64})'/i.exec(text)?.[1] ??
    /unknown command ['`"]?([^'`",\s]{1,64})/i.exec(text)?.[1];
  return name === undefined ? null : name.replace("|", " ").toUpperCase();
}

/** True where a server says that it has no such command: it is too old for it, or the command was renamed. */
export function isUnknownCommand(text: string): boolean {
  return /^ERR unknown command/i.test(text);
}
