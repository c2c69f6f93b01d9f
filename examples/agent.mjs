// An agent of the OpenAI Agents framework that reads and edits a channel of the sandbox, and takes the edit back.
// npm install @openai/agents; needs OPENAI_API_KEY for the model.
import { Agent, MCPServerStdio, run } from "@openai/agents";

const channels = new MCPServerStdio({
  name: "tencent-chat",
  command: "tencent-chat-channel-mcp",
  args: ["--sandbox"],
});
await channels.connect();
try {
  const agent = new Agent({
    name: "Channel editor",
    instructions: "You edit official channels. Tell the person the receipt's summary of every edit.",
    mcpServers: [channels],
  });
  const answer = await run(
    agent,
    "Rename the channel @TOA#_@TOA#dZDP to 'Friday News'. Confirmed. Then take that back, and tell me what happened.",
  );
  process.stdout.write(`${answer.finalOutput}\n`);
} finally {
  await channels.close();
}
