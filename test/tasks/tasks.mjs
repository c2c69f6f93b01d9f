// Serves the tools to an agent for one task, against the sandbox, and checks the result.
//   npm run tasks                           lists the tasks
//   npm run tasks -- NAME                   starts one, and serves it until it is done
//   npm run tasks -- NAME tools             what the agent sees first: the person's words, instructions and tools
//   npm run tasks -- NAME call TOOL JSON    calls a tool and prints the answer
//   npm run tasks -- NAME done "ANSWER"     ends the task with what the agent tells the person, and prints the check
// Between the two processes each line is one JSON message over a local socket.
import { rmSync } from "node:fs";
import { createConnection, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { load } from "../../scripts/load.mjs";
import { environmentOf, HANDSHAKE, startServer } from "../../scripts/mcp-child.mjs";
import { TASKS } from "./task-list.mjs";

const [name, action, ...rest] = process.argv.slice(2);
const task = TASKS[name];
if (!task) {
  for (const [each, { person, best }] of Object.entries(TASKS)) process.stdout.write(`${each} (${best}): ${person}\n`);
  process.exit(name ? 2 : 0);
}
const path = join(tmpdir(), `tencent-chat-channel-task-${name}.sock`);
if (action) ask();
else await serve();

function ask() {
  const socket = createConnection(path);
  socket.on("error", () => {
    process.stderr.write(`Start the task first: npm run tasks -- ${name}\n`);
    process.exit(1);
  });
  let answer = "";
  socket.setEncoding("utf8").on("data", (text) => {
    answer += text;
  });
  socket.on("end", () => {
    process.stdout.write(answer);
    if (answer === "") process.exitCode = 1; // the task's process has ended; it said why
  });
  socket.end(`${JSON.stringify({ action, rest })}\n`);
}

async function serve() {
  const { FaultySandbox } = await load("test/support/faulty-sandbox.ts");
  const account = { sdkAppId: 1400000321, secretKey: "5".repeat(64), admins: ["administrator"] };
  const sandbox = await FaultySandbox.start(account);
  task.prepare?.(sandbox);
  const env = environmentOf(sandbox.endpoint.href, account.sdkAppId, account.secretKey, {
    TENCENT_CHAT_LABEL: "Production",
    ...task.env,
  });
  const server = startServer(env);
  const { result: handshake } = await server.request("initialize", HANDSHAKE);
  const { result: list } = await server.request("tools/list");
  let calls = 0;

  const actions = {
    tools: () =>
      `The person says: ${task.person}\n\nInstructions:\n${handshake.instructions}\n\nTools:\n${JSON.stringify(list.tools, null, 1)}`,
    async call([tool, json = "{}"]) {
      calls += 1;
      const { result, error } = await server.request("tools/call", { name: tool, arguments: JSON.parse(json) });
      if (error) return `Protocol error ${error.code}: ${error.message}`;
      return `${result.isError ? "isError: true\n" : ""}${result.content[0].text}`;
    },
    done([answer = ""]) {
      const problems = task.check({ sandbox, answer });
      setImmediate(() => listener.close());
      return `${problems.length === 0 ? "Done." : `Not as wanted: ${problems.join("; ")}.`} ${calls} calls; the least possible is ${task.best}.`;
    },
  };
  rmSync(path, { force: true });
  const listener = createServer({ allowHalfOpen: true }, (socket) => {
    createInterface({ input: socket }).on("line", async (line) => {
      const { action: asked, rest: parts } = JSON.parse(line);
      const text = await Promise.resolve(actions[asked]?.(parts) ?? "Say tools, call or done.").catch(
        (error) => `${error}`,
      );
      socket.end(`${text}\n`);
    });
  });
  listener.listen(path);
  listener.on("close", async () => {
    server.child.kill();
    await sandbox.close();
  });
  process.stdout.write(`Task ${name} is open: npm run tasks -- ${name} tools\n`);
}
