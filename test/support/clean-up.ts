/** What a file's tests opened is closed when all of them have ended: a hook of one test is not for concurrent ones. */
const cleanUps: (() => unknown)[] = [];

export function cleanUpLater(cleanUp: () => unknown): void {
  cleanUps.push(cleanUp);
}

/** Closes what was opened, the latest first. @throws the first failure, when all have run */
export async function cleanUpNow(): Promise<void> {
  const failures: unknown[] = [];
  for (const cleanUp of cleanUps.splice(0).reverse()) {
    try {
      await cleanUp();
    } catch (error) {
      failures.push(error);
    }
  }
  if (failures.length > 0) throw failures[0];
}
