import { afterAll } from "vitest";
import { stopServersOfFile } from "./index.ts";

afterAll(stopServersOfFile);
