/** The commands that people run, by their names. */
export { apply } from "./apply.ts";
export { demo } from "./demo.ts";
export { doctor } from "./doctor.ts";
export { journal } from "./journal.ts";
export { setup } from "./setup.ts";
