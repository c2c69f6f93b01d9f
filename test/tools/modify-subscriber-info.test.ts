import { expect, test } from "vitest";
import { connect } from "../support/client.ts";
import { PENN, SUBSCRIBER, startSandbox } from "../support/service.ts";

test("an OK is accepted, without before and undo", async () => {
  const sandbox = await startSandbox();
  const { call } = await connect(sandbox.endpoint);
  const reply = await call(SUBSCRIBER, { Official_Account: PENN, Subscriber_Account: "107867", CustomString: "vip" });
  expect(reply.isError).toBe(false);
  expect(reply.structured.receipt).toMatchObject({
    outcome: "accepted",
    changes: [{ field: "CustomString", after: "vip", verdict: "notRead" }],
  });
  expect(reply.structured.receipt.summary).toContain("No tool can read this value");
  expect(reply.structured.receipt).not.toHaveProperty("undo");
  expect(sandbox.channels.get(PENN)?.subscribers.get("107867")).toBe("vip");
});

test("every missing argument is named at once", async () => {
  const { call } = await connect((await startSandbox()).endpoint);
  const reply = await call(SUBSCRIBER, { CustomString: null });
  expect(reply.structured.explanation.cause).toBe(
    "(1) Official_Account is required: give an ID as text (a string). (2) Subscriber_Account is required: give an ID as text (a string). (3) CustomString is required: give text (a string).",
  );
});

test("a user who does not subscribe is explained, with both IDs", async () => {
  const { call } = await connect((await startSandbox()).endpoint);
  const reply = await call(SUBSCRIBER, { Official_Account: PENN, Subscriber_Account: "stranger", CustomString: "x" });
  expect(reply.text.split("\n")[0]).toBe(
    "131003: There is no such subscription: most likely the user does not subscribe to this channel.",
  );
  expect(reply.text).toContain("check Official_Account and Subscriber_Account");
});
