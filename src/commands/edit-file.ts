import { createHash } from "node:crypto";
import { closeSync, createReadStream, fstatSync, openSync, read, statSync } from "node:fs";
import { Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import { COMMANDS } from "../channel/commands.ts";
import { isRecord, parseJson } from "../text/json.ts";
import { readLines } from "../text/lines.ts";
import { nearestName } from "../text/nearest-name.ts";
import { admit, toolNamed } from "../tools/call-tool.ts";
import type { ToolContext } from "../tools/tool.ts";

/** The file of `apply`: one JSON object a line, `{"tool": …, "arguments": {…}, "id"?: …}`. */

export interface EditLine {
  readonly line: number;
  readonly id: string | number | undefined;
  readonly tool: string;
  readonly arguments: unknown;
  readonly channelIds: readonly string[];
  /** Lines with the same key run one after another: the channel, or the subscriber of it. */
  readonly key: string;
}

export interface FileCheck {
  readonly lines: number;
  readonly edits: number;
  readonly hash: string;
  /** Every channel that an edit names. */
  readonly channels: ReadonlySet<string>;
  /** Those of which an edit changes the channel itself. */
  readonly editedChannels: ReadonlySet<string>;
  readonly subscriberEdits: number;
}

/** The input of a job, which can be read several times: what becomes of the file's name meanwhile changes nothing. */
export interface EditFile {
  /** Its bytes, from the beginning. Throws an Error with a sentence for a person where they are no longer the same. */
  bytes(): AsyncIterable<Buffer>;
  close(): void;
}

/**
 * Opens the file of a job. What can be read only once, such as standard input (-) or a FIFO, is kept in memory.
 * @throws the file system's error, or an Error with a sentence for a person
 */
export async function openEditFile(file: string, stdin: Readable): Promise<EditFile> {
  const info = file === "-" ? undefined : statSync(file);
  if (info?.isDirectory()) throw new Error(`${file} is a folder.`);
  if (!info?.isFile()) {
    const content = await buffer(info ? createReadStream(file) : stdin);
    return { bytes: () => Readable.from([content]), close() {} };
  }
  const fd = openSync(file, "r");
  const version = () => `${fstatSync(fd).mtimeMs} ${fstatSync(fd).size}`;
  const opened = version();
  const assertUnchanged = () => {
    if (version() !== opened) throw new Error(`${file} was changed while it was read: restore it before the next run.`);
  };
  // A stream that is left early would close the file.
  const staysOpen = { read, close: (_fd: number, done: () => void) => done() };
  async function* bytes() {
    for await (const chunk of createReadStream(file, { fd, start: 0, fs: staysOpen as never })) {
      assertUnchanged();
      yield chunk as Buffer;
    }
    assertUnchanged();
  }
  return { bytes, close: () => closeSync(fd) };
}

/**
 * Checks every line as a call would be checked before it is sent.
 * @param report takes each problem, with its line
 */
export async function checkFile(
  file: EditFile,
  context: ToolContext,
  report: (line: number, problem: string) => void,
): Promise<FileCheck> {
  const hash = await hashOf(file);
  const channels = new Set<string>();
  const editedChannels = new Set<string>();
  let lines = 0;
  let edits = 0;
  let subscriberEdits = 0;
  for await (const { line, text } of linesOf(file)) {
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
      report(line, (error as Error).message);
    }
  }
  return { lines, edits, hash, channels, editedChannels, subscriberEdits };
}

/** SHA-256 of the file's bytes. @throws Error with a sentence for a person, where they are not UTF-8 */
async function hashOf(file: EditFile): Promise<string> {
  const hash = createHash("sha256");
  const decoder = new TextDecoder("utf-8", { fatal: true });
  for await (const chunk of file.bytes()) {
    hash.update(chunk);
    try {
      decoder.decode(chunk, { stream: true });
    } catch {
      throw new Error("The file is not in UTF-8: save it as UTF-8 (in PowerShell: -Encoding utf8).");
    }
  }
  return hash.digest("hex");
}

export async function* readEditLines(file: EditFile, context: ToolContext): AsyncGenerator<EditLine> {
  for await (const { line, text } of linesOf(file)) yield await readLine(line, text, context);
}

export async function* linesOf(file: EditFile): AsyncGenerator<{ line: number; text: string }> {
  let line = 0;
  for await (const text of readLines(file.bytes())) {
    line += 1;
    const plain = line === 1 ? text.replace(/^\uFEFF/, "") : text;
    if (plain.trim() !== "") yield { line, text: plain };
  }
}

const KEYS = ["tool", "arguments", "id"];

/** @throws Error with what is wrong with the line */
async function readLine(line: number, text: string, context: ToolContext): Promise<EditLine> {
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
  const key = JSON.stringify([channelIds, subscriber ?? null]);
  return { line, id: id as EditLine["id"], tool, arguments: args, channelIds, key };
}
