// A worker thread does not inherit tsx's loader on Node 20: development and tests enter through this file.
import { register } from "tsx/esm/api";

register();
await import("./nutcracker-reader-worker.ts");
