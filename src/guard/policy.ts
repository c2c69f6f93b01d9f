import { ExplainedError, type FixedBy } from "../call/explained-error.ts";
import { plural } from "../text/text.ts";

/** What the operator allows: which tools, which channels, how many edits, and never a credential in an argument. */

const HOUR_MS = 3_600_000;
const MAX_SHOWN_RULES = 5;

/** never, always, or the number of subscribers from which on to ask. */
export type ConfirmEdits = "never" | "always" | number;

export interface Rules {
  readonly readOnly: boolean;
  /** Exact IDs, or prefixes ending in `*`; undefined allows all. */
  readonly allowedChannels?: readonly string[] | undefined;
  /** Maximum edits in any hour; undefined sets no limit. */
  readonly writesPerHour?: number | undefined;
  readonly confirmEdits: ConfirmEdits;
}

/**
 * Thrown when the operator's policy, or a confirmation that was not given, stops a call: it changed nothing.
 * Not for arguments that break a documented limit (InputError).
 */
export class PolicyError extends ExplainedError {
  override readonly name = "PolicyError";

  /** @param cause ends with what was not sent */
  constructor(cause: string, nextStep: string, fixedBy: FixedBy = "operator") {
    super({ stage: "policy", cause, fixedBy, nextStep, safeToResend: false, attempts: 0 });
  }
}

export class Policy {
  readonly rules: Rules;
  readonly #holdsSecret: (text: string) => boolean;
  readonly #writes = new Set<{ at: number }>();

  /** @param holdsSecret true if a text holds the secret key or a UserSig */
  constructor(rules: Rules, holdsSecret: (text: string) => boolean) {
    this.rules = rules;
    this.#holdsSecret = holdsSecret;
  }

  /** @throws PolicyError where writing is turned off */
  assertWritable(tool: string): void {
    if (!this.rules.readOnly) return;
    throw new PolicyError(
      `This server is read-only (TENCENT_CHAT_READ_ONLY), so ${tool} is off. Nothing was sent.`,
      "Tell the person what you would have changed. An operator can allow edits by setting TENCENT_CHAT_READ_ONLY to false and restarting the MCP host.",
    );
  }

  /** @throws PolicyError where any text among the arguments, keys included, holds the secret key or a UserSig */
  assertNoSecrets(args: unknown): void {
    const parts = [args]; // it grows while it is read: nesting of any depth needs no stack
    for (const part of parts) {
      if (typeof part === "object" && part !== null) for (const pair of Object.entries(part)) parts.push(...pair);
      if (typeof part !== "string" || !this.#holdsSecret(part)) continue;
      throw new PolicyError(
        "An argument holds the secret key or a UserSig, which grants full control of the application. Nothing was sent.",
        "Leave credentials out of every argument: this server signs requests itself. If the secret was shown to anyone, tell the person to replace it in the console.",
        "agent",
      );
    }
  }

  channelError(id: string): PolicyError | undefined {
    const { allowedChannels } = this.rules;
    if (!allowedChannels || allowedChannels.some((rule) => matches(rule, id))) return undefined;
    return new PolicyError(
      `The channel ${JSON.stringify(id)} is not among the channels this server may touch (TENCENT_CHAT_ALLOWED_CHANNELS). Nothing was sent.`,
      `Tell the person; do not edit another channel instead. Allowed: ${describeRules(allowedChannels)}. An operator can add this one to TENCENT_CHAT_ALLOWED_CHANNELS and restart the MCP host.`,
    );
  }

  /**
   * Takes a place in the hourly budget. Returns what gives it back where nothing was sent.
   * @throws PolicyError where the budget is used up; says when the next place is free
   */
  reserveWrite(): () => void {
    const now = performance.now();
    for (const write of this.#writes) {
      if (write.at > now - HOUR_MS) break; // they are in the order of time
      this.#writes.delete(write);
    }
    const { writesPerHour } = this.rules;
    if (writesPerHour !== undefined && this.#writes.size >= writesPerHour) {
      throw new PolicyError(
        `The budget of ${plural(writesPerHour, "edit")} an hour is used up. No edit was sent.`,
        this.#whenFree(now),
      );
    }
    const write = { at: now };
    this.#writes.add(write);
    return () => void this.#writes.delete(write);
  }

  #whenFree(now: number): string {
    const raise = "An operator can raise TENCENT_CHAT_WRITES_PER_HOUR and restart the MCP host.";
    const [oldest] = this.#writes;
    if (!oldest) return raise;
    const minutes = Math.max(1, Math.ceil((oldest.at + HOUR_MS - now) / 60_000));
    return `The next edit is possible in ${plural(minutes, "minute")}. ${raise}`;
  }
}

function describeRules(rules: readonly string[]): string {
  const shown = rules.slice(0, MAX_SHOWN_RULES).join(", ");
  return rules.length > MAX_SHOWN_RULES ? `${shown} and ${rules.length - MAX_SHOWN_RULES} more` : shown;
}

function matches(rule: string, id: string): boolean {
  return rule.endsWith("*") ? id.startsWith(rule.slice(0, -1)) : id === rule;
}

/**
 * True if a person must confirm an edit.
 * @param audience how many people the edit reaches; undefined, and a number that cannot be one, count as many
 */
export function mustConfirm(rule: ConfirmEdits, audience: number | undefined): boolean {
  if (rule === "never") return false;
  return rule === "always" || audience === undefined || audience < 0 || audience >= rule;
}
