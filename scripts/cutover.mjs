/** `npm run cutover -- …` */
import { runCommand } from "./install-missing.mjs";

await runCommand("cutover", 2);
