/** `npm run verify -- …`: an exit code of 2 says that it could not be told. */
import { runCommand } from "./install-missing.mjs";

await runCommand("verify", 2);
