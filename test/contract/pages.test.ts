import { describe, expect, test } from "vitest";
import { FILTERABLE_FIELDS, SUBSCRIBER_CUSTOM_STRING, WRITABLE_FIELDS } from "../../src/channel/fields.ts";
import { REGIONS } from "../../src/chat-api/regions.ts";
import { connect } from "../support/client.ts";
import { bodiesOf, startSandbox } from "../support/service.ts";
import pages from "./pages.json" with { type: "json" };

/** The service's pages, copied by hand: what the tables of this project must agree with. */

describe("the pages' sample packets", () => {
  test.each(Object.entries(pages))(
    "%s: sent through its tool, it reaches the service to the letter",
    async (tool, { request }) => {
      const sandbox = await startSandbox();
      const { call } = await connect(sandbox.endpoint);
      const reply = await call(tool, request);
      expect(reply.isError).toBe(false);
      expect(reply.structured).toMatchObject({ ActionStatus: "OK", ErrorCode: 0, ErrorInfo: "" });
      expect(bodiesOf(sandbox, tool)).toEqual([request]);
    },
  );
});

describe("the pages' tables", () => {
  test("name the fields a modify takes, their types and their limits in bytes", () => {
    const ours = WRITABLE_FIELDS.map((field) => [field.name, field.type, "maxBytes" in field ? field.maxBytes : null]);
    expect(ours).toEqual(pages.modify_official_account_base_info.fields);
    expect(SUBSCRIBER_CUSTOM_STRING.maxBytes).toBe(3000);
  });

  test("name the fields a filter takes", () => {
    const { OfficialAccountBaseInfoFilter } = pages.get_official_account_info.request.ResponseFilter;
    expect(FILTERABLE_FIELDS.map(({ name }) => name).sort()).toEqual([...OfficialAccountBaseInfoFilter].sort());
  });

  test("name what a tool requires", async () => {
    const { client } = await connect(undefined, {});
    const { tools } = await client.listTools();
    const required = Object.fromEntries(tools.map(({ name, inputSchema }) => [name, inputSchema.required]));
    expect(required).toEqual({
      get_official_account_info: ["OfficialAccountIdList"],
      modify_official_account_base_info: ["Official_Account"],
      modify_subscriber_info: pages.modify_subscriber_info.required,
    });
  });

  test("name seven hosts", () => {
    expect(Object.values(REGIONS).map(({ host }) => host)).toEqual([
      "console.tim.qq.com",
      "adminapisgp.im.qcloud.com",
      "adminapikr.im.qcloud.com",
      "adminapijpn.im.qcloud.com",
      "adminapiger.im.qcloud.com",
      "adminapiusa.im.qcloud.com",
      "adminapiidn.im.qcloud.com",
    ]);
  });
});
