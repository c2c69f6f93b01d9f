import { Deadline } from "../call/deadline.ts";
import type { Failure } from "../chat-api/errors/failure.ts";
import { explanationOf, fixFor } from "../explanations/explain.ts";
import { visibleJson } from "../text/text.ts";
import type { ToolContext } from "../tools/tool.ts";
import type { Texts } from "./texts.ts";

/** The doctor's one request: it shows that network, TLS, signature and clock are right. */

/** One line of the report. A warning is worth knowing and does not fail the check. */
export interface Check {
  readonly about: "settings" | "address" | "proxy" | "signature" | "allowed" | "journal" | "service" | "channel";
  readonly status: "ok" | "warning" | "failed";
  readonly message: string;
}

export function check(about: Check["about"], status: Check["status"], message: string): Check {
  return { about, status, message };
}

/** No channel has this ID; the service's refusal of it shows that network, TLS and signature work. */
const NO_CHANNEL = "@TOA#_doctor_asks_for_no_channel";
/** What the service says of it (documented with the get). */
const EXPECTED_CODES: ReadonlySet<number> = new Set([130004, 130007]);

/**
 * One harmless signed read: a channel that cannot exist, refused by the service with the documented code. With it, the
 * first channel that is allowed by name.
 */
export async function checkConnection(
  context: ToolContext,
  texts: Texts["doctor"],
  timeoutMs: number,
): Promise<Check[]> {
  const { api, policy } = context;
  const allowed = policy.rules.allowedChannels?.find((rule) => !rule.endsWith("*"));
  const deadline = new Deadline(timeoutMs);
  const reply = await api.getChannels([NO_CHANNEL, ...(allowed ? [allowed] : [])], undefined, deadline);
  deadline.release();
  if (reply.kind !== "ok") {
    const { failure } = reply;
    if (isExpected(failure)) return [check("service", "ok", texts.reached)];
    return [check("service", "failed", describeForPerson(failure, context))];
  }
  const { channels, clockNote } = reply.value;
  const [{ failure } = {}, channel] = channels;
  if (!isExpected(failure)) {
    const code = failure?.kind === "code" ? failure.code.code : 0;
    return [check("service", "failed", texts.unexpected(code))];
  }
  const reached = check("service", clockNote ? "failed" : "ok", clockNote || texts.clockRight);
  if (!channel) return [reached];
  const name = visibleJson(channel.id);
  if (channel.failure) {
    return [reached, check("channel", "failed", texts.notRead(name, describeForPerson(channel.failure, context)))];
  }
  return [reached, check("channel", "ok", texts.wasRead(name, visibleJson(channel.info.Name ?? "")))];
}

function isExpected(failure: Failure | undefined): boolean {
  return failure?.kind === "code" && EXPECTED_CODES.has(failure.code.code);
}

function describeForPerson(failure: Failure, { sdkAppId }: ToolContext): string {
  const call = { sdkAppId, channelIds: [], attempts: 1 };
  const { fixedBy, step } = fixFor(failure, call);
  const { ErrorCode, ErrorInfo, RequestId } = failure.kind === "code" ? failure.envelope : {};
  return [
    `${ErrorCode ? `${ErrorCode}: ` : ""}${explanationOf(failure, call).cause}`,
    ...(ErrorInfo ? [`ErrorInfo: ${visibleJson(ErrorInfo)}.`] : []),
    ...(RequestId ? [`RequestId: ${visibleJson(RequestId)}.`] : []),
    // What an agent would do helps no person here.
    ...(fixedBy === "agent" ? [] : [step]),
  ].join(" ");
}
