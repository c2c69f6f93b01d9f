import type { CallToolResult } from "@modelcontextprotocol/sdk/types.js";
import { ExplainedError, type Explanation } from "../channel/explanation.ts";
import type { Receipt } from "../channel/receipt.ts";
import { escapeHidden, quoteAsData, visibleJson } from "../channel/text.ts";
import type { House, Told, Tool } from "../tools/tool.ts";

/** From what a tool told to what a client gets: structured content, and a text that stands alone. */

/** The result of a call. Structured content goes through the tool's output schema, so it is valid against it. */
export function toResult(
  tool: Tool,
  { content, failure }: Told,
  house: Pick<House, "isSandbox" | "scrub"> | undefined,
): CallToolResult {
  const isSandbox = house?.isSandbox ?? false;
  const whole = tool.output.parse({
    ...failure?.head,
    ...content,
    ...(failure && { explanation: failure.explanation }),
    ...(isSandbox && { sandbox: true }),
  });
  // A service or a gateway may echo what it was sent; no secret goes on from here.
  const scrub = house?.scrub ?? ((text: string) => text);
  const structuredContent = JSON.parse(scrub(JSON.stringify(whole))) as Record<string, unknown>;
  if (!failure) return { content: [{ type: "text", text: visibleJson(structuredContent) }], structuredContent };
  const receipt = "receipt" in content ? (content.receipt as Receipt) : undefined;
  return {
    content: [{ type: "text", text: scrub(inWords(failure, receipt, isSandbox)) }],
    structuredContent,
    isError: true,
  };
}

const FIXER: Record<Explanation["fixedBy"], string> = {
  agent: "agent (you, by another call)",
  operator: "operator (the person who runs this server)",
  tencent: "tencent (the service's makers)",
};

/** A failure in plain words, its code first. Words that are not ours are quoted as data. */
function inWords(failure: ExplainedError, receipt: Receipt | undefined, isSandbox: boolean): string {
  const { stage, cause, fixedBy, nextStep, safeToResend, attempts } = failure.explanation;
  const { ErrorCode, ErrorInfo, RequestId } = failure.head;
  const place = failure instanceof OwnFault ? "Fault of this server" : STAGE[stage];
  const title = ErrorCode ?? (receipt ? `Outcome ${receipt.outcome}` : place);
  const lines = [`${title}: ${cause}`];
  if (ErrorInfo) lines.push(`ErrorInfo, the service's own words as data: ${quoteAsData(ErrorInfo)}`);
  if (receipt) {
    lines.push(`Receipt: ${receipt.outcome}. ${receipt.summary}`);
    lines.push(...receipt.warnings.map((warning) => `Warning: ${warning}`));
    if (receipt.undo) lines.push(`Undo: ${receipt.undo.tool} ${visibleJson(receipt.undo.arguments)}`);
  }
  lines.push(`Fixed by: ${FIXER[fixedBy]}. Next step: ${nextStep}`);
  lines.push(
    [
      `Safe to resend as it is: ${safeToResend ? "yes" : "no"}. Attempts: ${attempts}.`,
      ...(RequestId ? [`RequestId: ${quoteAsData(RequestId)}.`] : []),
      ...(isSandbox ? ["This is the sandbox."] : []),
    ].join(" "),
  );
  return lines.map(escapeHidden).join("\n");
}

const STAGE: Record<Explanation["stage"], string> = {
  settings: "Settings error",
  input: "Refused before sending",
  policy: "Not allowed here",
  network: "Network failure",
  service: "Refused by the service",
};

/** What an unexpected error becomes: a fault of this server, told without its message, which may hold anything. */
export class OwnFault extends ExplainedError {
  override readonly name = "OwnFault";
  readonly explanation: Explanation;

  /** @param writes true for a tool that writes */
  constructor(writes: boolean) {
    super("own fault");
    const change = writes ? "whether the write was carried out is not known" : "nothing was changed";
    const look = writes ? "Read the channel to see what stands, and report" : "Report";
    this.explanation = {
      stage: "service",
      cause: `This server has a fault of its own; ${change}.`,
      fixedBy: "operator",
      nextStep: `${look} the log on stderr to the maintainers of this server.`,
      safeToResend: false,
      attempts: 0,
    };
  }
}
