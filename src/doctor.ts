import { ExplainedError } from "./channel/explanation.ts";
import { visibleJson } from "./channel/text.ts";
import { Deadline } from "./chat-api/deadline.ts";
import { SANDBOX_SDKAPPID } from "./chat-api/hosts.ts";
import { remarkOnClock, ServiceRefusal } from "./chat-api/service-refusal.ts";
import { decodeUserSig, Signer } from "./chat-api/user-sig.ts";
import { type RecordedWrite, readJournal } from "./guard/journal.ts";
import { furnish, type Service } from "./house.ts";
import { makeLog } from "./log.ts";
import type { Reading, Settings } from "./settings/settings.ts";
import { TOOLS } from "./tools/index.ts";

/** The doctor: one line for each thing that must be right, ✓ or ✗, and what to do. */

/** One line of the examination. */
interface Finding {
  readonly about: string;
  readonly isWell: boolean;
  readonly told: string;
}

interface Examination {
  readonly reading: Reading;
  readonly reach: (settings: Settings) => Promise<Service>;
  readonly version: string;
  readonly asJson: boolean;
  readonly print: (text: string) => void;
}

/** No channel has this ID; the service's refusal of it proves the whole way there and back. */
const NOBODY = "@TOA#_doctor_asks_for_nobody";
/** What the service says of it (page: Getting Official Channel Information). */
const PROVES_THE_WAY: ReadonlySet<number> = new Set([130004, 130007]);

/** @returns true if all is well */
export async function examine({ reading, reach, version, asJson, print }: Examination): Promise<boolean> {
  const { settings, faults } = reading;
  const findings: Finding[] = faults.map((told) => ({ about: "settings", isWell: false, told }));
  if (settings) findings.push(...(await examineSettings(settings, reach, version)));
  const isWell = findings.every((finding) => finding.isWell);
  if (asJson) print(JSON.stringify({ isWell, version, findings }));
  else {
    for (const finding of findings) print(`${finding.isWell ? "✓" : "✗"} ${finding.about.padEnd(11)} ${finding.told}`);
    print(isWell ? "All is well." : "Fix the lines with ✗, then run the doctor again.");
  }
  return isWell;
}

async function examineSettings(settings: Settings, reach: Examination["reach"], version: string): Promise<Finding[]> {
  const well = (about: string, told: string): Finding => ({ about, isWell: true, told });
  const service = await reach(settings);
  const silent = makeLog(
    "silent",
    () => {},
    (line) => line,
  );
  const house = furnish(settings, service, version, silent);
  try {
    const journalFault = house.journal.faultOfFile();
    return [
      well("settings", describeSettings(settings)),
      well(
        "host",
        `${service.endpoint.origin}${settings.isSandbox ? " (the embedded sandbox)" : ""}${settings.region ? ` (${settings.region})` : ""}`,
      ),
      well("proxy", settings.proxy ? new URL(settings.proxy.url).host : "none"),
      examineSignature(settings),
      ...describeGuard(settings).map((told) => well("allowed", told)),
      {
        about: "journal",
        isWell: journalFault === undefined,
        told: settings.journal
          ? journalFault
            ? `${settings.journal} cannot be written (${journalFault}): its folder must exist and be writable; ~ is not expanded`
            : `${settings.journal} is writable`
          : "off",
      },
      await proveTheWay(house),
    ];
  } finally {
    await house.close();
  }
}

function describeSettings({ sdkAppId, identifier, credential, timeoutMs, requestsPerSecond }: Settings): string {
  const secret = "secretKey" in credential ? "secret key present" : "ready-made UserSig present";
  return `application ${sdkAppId}, account ${identifier}, ${secret}, ${timeoutMs / 1000} s a call, ${requestsPerSecond} requests a second`;
}

function examineSignature(settings: Settings): Finding {
  const about = "signature";
  try {
    const facts = decodeUserSig(new Signer(settings).current());
    if (!facts) return { about, isWell: false, told: "a UserSig could not be made" };
    const ends = new Date(facts.endsAt * 1000).toUTCString();
    return {
      about,
      isWell: true,
      told: `UserSig of application ${facts.sdkAppId}, account ${facts.identifier}, ends ${ends}`,
    };
  } catch (error) {
    const told =
      error instanceof ExplainedError ? `${error.explanation.cause} ${error.explanation.nextStep}` : "unreadable";
    return { about, isWell: false, told };
  }
}

function describeGuard({ rules }: Settings): string[] {
  const channels = rules.allowedChannels?.join(", ") ?? "all channels";
  return TOOLS.map(({ name, writes }) => {
    if (writes && rules.readOnly) return `${name}: off (TENCENT_CHAT_READ_ONLY)`;
    const budget =
      writes && rules.writesPerHour !== undefined
        ? `, writes an hour for both modify tools: ${rules.writesPerHour}`
        : "";
    return `${name}: ${channels}${budget}`;
  });
}

/** One harmless signed read: a channel that cannot exist, refused by the service in the documented words. */
async function proveTheWay(house: ReturnType<typeof furnish>): Promise<Finding> {
  const about = "service";
  const deadline = new Deadline(house.timeoutMs);
  try {
    const { channels, serverDate } = await house.api.getChannels([NOBODY], undefined, deadline);
    const code = channels[0]?.head.ErrorCode ?? 0;
    if (!PROVES_THE_WAY.has(code)) return { about, isWell: false, told: `answered ${code} where 130004 was expected` };
    const clock = remarkOnClock(serverDate, Date.now());
    return { about, isWell: clock === "", told: clock || "reached, signature accepted, clock right" };
  } catch (failure) {
    if (!(failure instanceof ExplainedError)) throw failure;
    if (failure instanceof ServiceRefusal && PROVES_THE_WAY.has(failure.head.ErrorCode)) {
      return { about, isWell: true, told: "reached, signature accepted" };
    }
    const { cause, nextStep } = failure.explanation;
    return {
      about,
      isWell: false,
      told: `${failure.head.ErrorCode ? `${failure.head.ErrorCode}: ` : ""}${cause} ${nextStep}`,
    };
  } finally {
    deadline.release();
  }
}

/**
 * Prints every write that the journal holds, newest last, each with its undo.
 * @returns false where there is no journal to read
 */
export function readOutJournal(path: string | undefined, asJson: boolean, print: (text: string) => void): boolean {
  if (!path) {
    print("✗ There is no journal: set TENCENT_CHAT_JOURNAL to a file.");
    return false;
  }
  let journal: ReturnType<typeof readJournal>;
  try {
    journal = readJournal(path);
  } catch (error) {
    print(`✗ The journal cannot be read (${(error as NodeJS.ErrnoException).code ?? "unreadable"}).`);
    return false;
  }
  const { writes, unreadable } = journal;
  if (asJson) print(JSON.stringify(journal));
  else if (writes.length === 0) print("The journal holds no writes.");
  else for (const write of writes) printWrite(write, print);
  if (unreadable > 0 && !asJson) print(`✗ ${unreadable} of its lines cannot be read.`);
  return unreadable === 0;
}

function printWrite({ time, intent, ending }: RecordedWrite, print: (text: string) => void): void {
  const outcome = ending
    ? `${ending.outcome}${ending.code ? ` (${ending.code})` : ""}${ending.cancelled ? ", cancelled" : ""}`
    : "unknown: the process stopped in the middle";
  const application = intent.sdkAppId === SANDBOX_SDKAPPID ? "sandbox" : `application ${intent.sdkAppId}`;
  const subscriber = intent.subscriber ? ` subscriber ${visibleJson(intent.subscriber)}` : "";
  print(
    `${time}  ${application}  ${intent.tool}  ${visibleJson(intent.channel)}${subscriber}  by ${visibleJson(intent.client)}  ${outcome}`,
  );
  for (const { field, before, after } of intent.changes) {
    print(`    ${field}: ${before === undefined ? "(not readable)" : visibleJson(before)} → ${visibleJson(after)}`);
  }
  if (intent.undo) print(`    undo: ${intent.undo.tool} ${visibleJson(intent.undo.arguments)}`);
}
