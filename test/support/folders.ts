import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { cleanUpLater } from "./clean-up.ts";

/** A folder that is removed when the test ends. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "channel-mcp-"));
  cleanUpLater(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** A path for a journal in a folder of its own. */
export function journalPath(): string {
  return join(temporaryFolder(), "journal.jsonl");
}
