import { expect, test } from "vitest";
import { connect } from "../support/client.ts";
import { PENN, SUBSCRIBER, startSandbox } from "../support/service.ts";

test("says that no tool can read the value back, and offers no undo", async () => {
  const sandbox = await startSandbox();
  const { call } = await connect(sandbox.endpoint);
  const reply = await call(SUBSCRIBER, { Official_Account: PENN, Subscriber_Account: "107867", CustomString: "vip" });
  expect(reply.isError).toBe(false);
  expect(reply.structured.receipt).toMatchObject({
    outcome: "applied",
    changes: [{ field: "CustomString", after: "vip", verdict: "cannotBeReadBack" }],
  });
  expect(reply.structured.receipt.summary).toContain("None of the three tools can read this value back");
  expect(reply.structured.receipt).not.toHaveProperty("undo");
  expect(sandbox.channels.get(PENN)?.subscribers.get("107867")).toBe("vip");
});

test("names every missing argument at once", async () => {
  const { call } = await connect((await startSandbox()).endpoint);
  const reply = await call(SUBSCRIBER, { CustomString: null });
  expect(reply.structured.explanation.cause).toBe(
    "(1) Official_Account is required: give an ID as text (a string). (2) Subscriber_Account is required: give an ID as text (a string). (3) CustomString is required: give text (a string).",
  );
});

test("explains a user who is not subscribed", async () => {
  const { call } = await connect((await startSandbox()).endpoint);
  const reply = await call(SUBSCRIBER, { Official_Account: PENN, Subscriber_Account: "stranger", CustomString: "x" });
  expect(reply.text.split("\n")[0]).toBe(
    "131003: No such subscription: the user is most likely not subscribed to this channel. Nothing was changed.",
  );
});
