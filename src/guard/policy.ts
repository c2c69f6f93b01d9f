import { PolicyRefusal } from "./policy-refusal.ts";

/** What the operator allows: which tools, which channels, how many writes, and never a secret in a field. */

const HOUR_MS = 3_600_000;

/** The operator's rules, as the settings give them. */
export interface Rules {
  /** True if nothing may be written. */
  readonly readOnly: boolean;
  /** Exact IDs, or prefixes ending in `*`; undefined allows all. */
  readonly allowedChannels?: readonly string[] | undefined;
  /** Writes in any hour; undefined sets no limit. */
  readonly writesPerHour?: number | undefined;
}

export class Policy {
  readonly rules: Rules;
  readonly #holdsSecret: (text: string) => boolean;
  readonly #now: () => number;
  readonly #writes = new Set<{ readonly at: number }>();

  /**
   * @param holdsSecret true if a text holds the secret key or a UserSig
   * @param now milliseconds on a clock that never jumps
   */
  constructor(rules: Rules, holdsSecret: (text: string) => boolean, now: () => number = () => performance.now()) {
    this.rules = rules;
    this.#holdsSecret = holdsSecret;
    this.#now = now;
  }

  /** @throws PolicyRefusal where writing is turned off */
  refuseInReadOnly(tool: string): void {
    if (!this.rules.readOnly) return;
    throw new PolicyRefusal(
      `This server is read-only, so ${tool} is off.`,
      "Tell the person what you would have changed. An operator can allow writing by setting TENCENT_CHAT_READ_ONLY to false.",
    );
  }

  /** @throws PolicyRefusal where any text among the arguments, names too, holds the secret key or a UserSig */
  refuseSecrets(args: unknown): void {
    const all = [args];
    for (const part of all) {
      if (typeof part === "object" && part !== null) for (const pair of Object.entries(part)) all.push(...pair);
      if (typeof part !== "string" || !this.#holdsSecret(part)) continue;
      throw new PolicyRefusal(
        "An argument holds the secret key or a UserSig, which grants full control of the application.",
        "Leave credentials out of every argument: this server signs by itself. If the secret was shown to anyone, replace it in the console.",
        "agent",
      );
    }
  }

  /** The refusal of a channel outside the allowed ones, or undefined. */
  refusalOfChannel(id: string): PolicyRefusal | undefined {
    const { allowedChannels } = this.rules;
    if (!allowedChannels || allowedChannels.some((rule) => matches(rule, id))) return undefined;
    return new PolicyRefusal(
      `The channel ${JSON.stringify(id)} is not among the channels this server may touch.`,
      "Use an allowed channel. An operator can allow this one in TENCENT_CHAT_ALLOWED_CHANNELS.",
    );
  }

  /**
   * Does the work of one write within the budget of the hour. Its place counts from the start, and is given back at
   * the end unless the work has called `spend`: something may have been sent.
   * @throws PolicyRefusal where the budget is used up; says when the next place is free
   */
  async withinBudget<T>(work: (spend: () => void) => Promise<T>): Promise<T> {
    const now = this.#now();
    for (const write of this.#writes) if (write.at <= now - HOUR_MS) this.#writes.delete(write);
    const { writesPerHour } = this.rules;
    if (writesPerHour !== undefined && this.#writes.size >= writesPerHour) {
      throw new PolicyRefusal(`The write budget of ${writesPerHour} an hour is used up.`, this.#whenFree(now));
    }
    const write = { at: now };
    this.#writes.add(write);
    let isSpent = false;
    try {
      return await work(() => {
        isSpent = true;
      });
    } finally {
      if (!isSpent) this.#writes.delete(write);
    }
  }

  #whenFree(now: number): string {
    const [oldest] = this.#writes;
    const raise = "An operator can raise TENCENT_CHAT_WRITES_PER_HOUR.";
    if (!oldest) return raise;
    const minutes = Math.ceil((oldest.at + HOUR_MS - now) / 60_000);
    return `The next write is free in ${minutes} minute${minutes === 1 ? "" : "s"}. ${raise}`;
  }
}

function matches(rule: string, id: string): boolean {
  return rule.endsWith("*") ? id.startsWith(rule.slice(0, -1)) : id === rule;
}
