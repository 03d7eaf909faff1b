/** `npm run sync -- …` */
import { runCommand } from "./install-missing.mjs";

await runCommand("sync", 1);
