import { afterAll } from "vitest";

/** What a file's tests opened is closed when all of them have ended: a hook of one test is not for concurrent ones. */
const cleanUps: (() => unknown)[] = [];

export function cleanUpLater(cleanUp: () => unknown): void {
  cleanUps.push(cleanUp);
}

afterAll(async () => {
  const failures: unknown[] = [];
  for (const cleanUp of cleanUps.reverse()) {
    try {
      await cleanUp();
    } catch (error) {
      failures.push(error);
    }
  }
  if (failures.length > 0) throw failures[0];
});
