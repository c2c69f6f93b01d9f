import { ElicitResultSchema } from "@modelcontextprotocol/sdk/types.js";
import type { ConfirmationRequest, FinishedCall } from "../edits/edit.ts";
import { PolicyError } from "../guard/policy.ts";
import { isRecord } from "../text/json.ts";

/** Asking the person before an edit, and reading the answer. Only an explicit yes counts. */

/** Milliseconds that a person has to answer. */
export const ANSWER_TIMEOUT_MS = 600_000;
/** The key of the one question of a call in the 2026-07-28 revision, and of its one field. */
export const DECISION = "decision";

const NO = "Leave everything as it is";
const YES = "Apply the edit";

/** Parameters of elicitation/create: one required choice, the harmless one first, no default. */
export function elicitationParams({ message }: ConfirmationRequest) {
  return {
    message,
    requestedSchema: {
      type: "object" as const,
      properties: { [DECISION]: { type: "string" as const, title: "Apply this edit?", enum: [NO, YES] } },
      required: [DECISION],
    },
  };
}

/** What is logged for a client that offers no way to ask. */
export const CANNOT_ASK = "The client cannot ask a person.";

export interface Caller {
  readonly name: string;
  /** True if it can show a form to a person; `elicitation: {}` is the older spelling of that. */
  readonly canAsk: boolean;
}

export function describeCaller(clientInfo: unknown, capabilities: unknown): Caller {
  const name = isRecord(clientInfo) && typeof clientInfo.name === "string" ? clientInfo.name : "unknown";
  const elicitation = isRecord(capabilities) ? capabilities.elicitation : undefined;
  const canAsk = isRecord(elicitation) && ("form" in elicitation || Object.keys(elicitation).length === 0);
  return { name, canAsk };
}

/** Why an answer is no yes, as a sentence; undefined for a yes. */
export function readAnswer(answer: unknown): string | undefined {
  const { success, data } = ElicitResultSchema.safeParse(isRecord(answer) ? { ...answer, _meta: undefined } : answer);
  if (!success)
    return "The client's answer to the confirmation could not be understood, so it does not count as a yes.";
  if (data.action !== "accept") {
    return "The confirmation was declined or dismissed, by a person or by the client itself.";
  }
  const decision = data.content?.[DECISION];
  if (decision === YES) return undefined;
  if (decision === NO) return `The answer to the confirmation was "${NO}".`;
  return "The client accepted the confirmation without an answer, which does not count as a yes.";
}

export function declinedOutcome({ declined }: ConfirmationRequest, reason: string): FinishedCall {
  const error = new PolicyError(
    `${reason} No edit was sent.`,
    "Tell the person that nothing was changed, and call again only if they ask for the edit.",
    "agent",
  );
  return { content: { receipt: declined }, error };
}

export function cannotAskOutcome({ declined }: ConfirmationRequest, client: string): FinishedCall {
  const error = new PolicyError(
    `This edit needs a person's confirmation through the MCP client, and ${JSON.stringify(client)} offers no way to ask (elicitation). A yes in the conversation does not count here. No edit was sent.`,
    "Stop and tell the person: use an MCP client that can ask, or an operator sets TENCENT_CHAT_CONFIRM_EDITS to never and restarts the MCP host.",
  );
  return { content: { receipt: declined }, error };
}
