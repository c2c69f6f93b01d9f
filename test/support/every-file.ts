import { afterAll } from "vitest";
import { cleanUpNow } from "./clean-up.ts";

/** Runs before each file of tests; modules are shared between the files of a worker, so hooks belong here. */
afterAll(cleanUpNow);
