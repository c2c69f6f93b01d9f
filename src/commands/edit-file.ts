import { isUtf8 } from "node:buffer";
import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import type { Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import { COMMANDS } from "../channel/commands.ts";
import { describeFileError } from "../text/file-error.ts";
import { isRecord, parseJson } from "../text/json.ts";
import { nearestName } from "../text/nearest-name.ts";
import { clip } from "../text/text.ts";
import { admit, toolNamed } from "../tools/call-tool.ts";
import type { ToolContext } from "../tools/tool.ts";

/** The file of `apply`: one JSON object a line, `{"tool": …, "arguments": {…}, "id"?: …}`. */

export type EditLine = Awaited<ReturnType<typeof readLine>>;
export type FileCheck = Awaited<ReturnType<typeof checkFile>>;

/** Problems that are listed; a thousand of a kind are no clearer. */
const MAX_LISTED_PROBLEMS = 100;

/**
 * Reads the file of a job, or standard input (-), once and whole: what becomes of it meanwhile changes nothing.
 * @throws Error with a sentence for a person
 */
export async function readEditFile(file: string, stdin: Readable): Promise<Buffer> {
  const bytes = await (file === "-" ? buffer(stdin) : readFile(file)).catch((error) => {
    throw new Error(`${file}: ${describeFileError(error)}.`);
  });
  if (!isUtf8(bytes)) throw new Error("The file is not in UTF-8: save it as UTF-8 (in PowerShell: -Encoding utf8).");
  return bytes.toString("utf8", 0, 3) === "\uFEFF" ? bytes.subarray(3) : bytes;
}

/** Checks every line as a call would be checked before it is sent, and tells each problem with its line. */
export async function checkFile(file: Buffer, context: ToolContext, tell: (text: string) => void) {
  const hash = createHash("sha256").update(file).digest("hex");
  const channels = new Set<string>();
  const editedChannels = new Set<string>(); // those of which an edit changes the channel itself
  let [problems, lines, edits, subscriberEdits] = [0, 0, 0, 0];
  for (const { line, text } of linesOf(file)) {
    try {
      const { tool, channelIds } = await readLine(line, text, context);
      lines += 1;
      if (!toolNamed(tool).isWrite) continue;
      edits += 1;
      if (tool === COMMANDS.modifySubscriber) subscriberEdits += 1;
      for (const id of channelIds) {
        channels.add(id);
        if (tool === COMMANDS.modifyChannel) editedChannels.add(id);
      }
    } catch (error) {
      problems += 1;
      const { message } = error as Error;
      if (problems <= MAX_LISTED_PROBLEMS) tell(`line ${line}: ${clip(context.secrets.redact(message))}`);
    }
  }
  return { problems, lines, edits, hash, channels, editedChannels, subscriberEdits };
}

/** The lines to run. @param done those that are not */
export async function* readEditLines(file: Buffer, context: ToolContext, done: ReadonlySet<number>) {
  for (const { line, text } of linesOf(file)) if (!done.has(line)) yield await readLine(line, text, context);
}

/** The lines that are not blank, numbered from 1. */
export function* linesOf(file: Buffer) {
  let start = 0;
  for (let line = 1; start < file.length; line += 1) {
    const end = file.indexOf("\n", start);
    const text = file.toString("utf8", start, end < 0 ? file.length : end);
    if (text.trim() !== "") yield { line, text };
    start = end < 0 ? file.length : end + 1;
  }
}

const KEYS = ["tool", "arguments", "id"];

/** @throws Error with what is wrong with the line */
async function readLine(line: number, text: string, context: ToolContext) {
  const content = parseJson(text);
  if (content === undefined) throw new Error("not valid JSON; each line is one JSON object");
  if (!isRecord(content)) throw new Error("not a JSON object");
  const { tool, arguments: args = {}, id } = content;
  const unknown = Object.keys(content).find((key) => !KEYS.includes(key));
  if (unknown !== undefined) {
    const meant = nearestName(unknown, KEYS);
    const shown = unknown.length > 40 ? "that is not shown" : JSON.stringify(unknown);
    throw new Error(`unknown key ${shown}${meant ? `: did you mean ${meant}?` : `; a line has ${KEYS.join(", ")}`}`);
  }
  const names: string[] = Object.values(COMMANDS);
  if (typeof tool !== "string" || !names.includes(tool)) {
    const meant = typeof tool === "string" ? nearestName(tool, names) : undefined;
    throw new Error(`tool must be one of ${names.join(", ")}.${meant ? ` Did you mean ${meant}?` : ""}`);
  }
  if (id !== undefined && typeof id !== "string" && !Number.isSafeInteger(id)) {
    throw new Error("id must be a string, or a whole number that JavaScript can hold: put others in quotes");
  }
  const { input, channelIds, disallowed } = await admit(toolNamed(tool), args, context);
  for (const error of disallowed.values()) throw error;
  const { Subscriber_Account: subscriber } = input as { Subscriber_Account?: string };
  // Lines with the same key run one after another: those of one channel, or of one subscriber of it.
  const key = JSON.stringify([channelIds, subscriber ?? null]);
  return { line, id, tool, arguments: args, channelIds, key };
}
