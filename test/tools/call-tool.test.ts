import { describe, expect, test } from "vitest";
import * as z from "zod/v4";
import { COMMANDS } from "../../src/channel/commands.ts";
import { callTool } from "../../src/tools/call-tool.ts";
import type { Tool, ToolCall } from "../../src/tools/tool.ts";
import { callFor, contextOn, errorOf, PENN, SECRET_KEY } from "../support/service.ts";

const NOWHERE = new URL("http://127.0.0.1:9");

/** A fourth tool that checks nothing at all, and remembers what it was given. */
function forgetfulTool(more: Partial<Tool> = {}): { tool: Tool; runs: { input: object; call: ToolCall }[] } {
  const runs: { input: object; call: ToolCall }[] = [];
  const tool: Tool = {
    name: COMMANDS.modifyChannel,
    title: "Forgetful",
    description: "Forgets everything.",
    isWrite: true,
    input: z.looseObject({}),
    output: z.looseObject({}),
    async run(input, _context, call) {
      runs.push({ input, call });
      return { content: {} };
    },
    ...more,
  };
  return { tool, runs };
}

describe("the gate before a tool without any check of its own", () => {
  test("lets an allowed call through", async () => {
    const { tool, runs } = forgetfulTool();
    await callTool(tool, { Official_Account: PENN }, contextOn(NOWHERE), callFor());
    expect(runs).toMatchObject([{ input: { Official_Account: PENN }, call: { channelIds: [PENN] } }]);
  });

  test("rejects a credential before anything else, so that no error quotes it", async () => {
    const { tool, runs } = forgetfulTool({ input: z.strictObject({ Official_Account: z.string() }) });
    const context = contextOn(NOWHERE, { TENCENT_CHAT_READ_ONLY: "true" });
    for (const secret of [SECRET_KEY, SECRET_KEY.toUpperCase()]) {
      const error = await errorOf(callTool(tool, { Official_Account: PENN, [secret]: secret }, context, callFor()));
      expect(error).toMatchObject({ name: "PolicyError", explanation: { fixedBy: "agent" } });
      expect(JSON.stringify(error)).not.toContain(secret);
    }
    expect(runs).toEqual([]);
  });

  test("stops it in read-only mode, before its input is looked at", async () => {
    const { tool, runs } = forgetfulTool({ input: z.strictObject({}) });
    const context = contextOn(NOWHERE, { TENCENT_CHAT_READ_ONLY: "true" });
    const error = await errorOf(callTool(tool, { Official_Account: 5 }, context, callFor()));
    expect(error).toMatchObject({ name: "PolicyError", explanation: { fixedBy: "operator" } });
    expect(runs).toEqual([]);
  });

  test("stops it for a channel that is not allowed", async () => {
    const { tool, runs } = forgetfulTool();
    const context = contextOn(NOWHERE, { TENCENT_CHAT_ALLOWED_CHANNELS: "@TOA#_other" });
    const error = await errorOf(callTool(tool, { Official_Account: PENN }, context, callFor()));
    expect(error.message).toContain("not among the channels this server may touch");
    expect(runs).toEqual([]);
  });

  test("is told which channels of a list are not allowed", async () => {
    const { tool, runs } = forgetfulTool({ isWrite: false });
    const context = contextOn(NOWHERE, { TENCENT_CHAT_ALLOWED_CHANNELS: PENN });
    const OfficialAccountIdList = ["@TOA#_other", PENN, "@TOA#_other"].map((id) => ({ Official_Account: id }));
    await callTool(tool, { OfficialAccountIdList }, context, callFor());
    expect(runs[0]?.call.channelIds).toEqual(["@TOA#_other", PENN]);
    expect([...(runs[0]?.call.disallowed.keys() ?? [])]).toEqual(["@TOA#_other"]);
  });

  test("reports its bug as an internal error, and says that something may have been written", async () => {
    const bug = new Error("a bug");
    const run = () => Promise.reject(bug);
    const call = (more: Partial<Tool>) =>
      errorOf(callTool(forgetfulTool(more).tool, { Official_Account: PENN }, contextOn(NOWHERE), callFor()));
    expect(await call({ run })).toMatchObject({
      name: "InternalError",
      cause: bug,
      explanation: { stage: "internal", attempts: 1, safeToResend: false },
    });
    expect((await call({ run, isWrite: false })).explanation).toMatchObject({ stage: "internal", attempts: 0 });
  });

  test("reports every problem of its input", async () => {
    const { tool } = forgetfulTool({
      input: z.strictObject({ Official_Account: z.string() }),
    });
    const error = await errorOf(callTool(tool, { colour: 1 }, contextOn(NOWHERE), callFor()));
    expect(error.name).toBe("InputError");
    expect(error.message).toContain("Official_Account is required");
    expect(error.message).toContain("colour is not a field");
  });
});
