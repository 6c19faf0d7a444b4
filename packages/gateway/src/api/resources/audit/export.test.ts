import { get, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { describe, expect, it } from "vitest";
import type { AuditQuery } from "../../../audit/index/port.ts";
import type { AuditRecord } from "../../../audit/records.ts";
import { createApi } from "../../server.ts";
import { oneLog } from "../../../audit/logs/one-log.ts";
import { type AuditLogs, LACKS } from "../../../audit/logs/port.ts";
import { exportText } from "./export.ts";
import { fakes } from "../../testing/fakes.ts";

function recordOf(seq: number): AuditRecord {
  return { seq, time: "2026-11-24T12:00:00.000Z", type: "grant.expired", detail: { seq } };
}

/** An index of `count` records that notes what it was asked. */
function indexOf(count: number) {
  const asked: AuditQuery[] = [];
  return {
    asked,
    reader: {
      search: async (query: AuditQuery) => {
        asked.push(query);
        const before = Math.min(query.before ?? count, count);
        const from = Math.max(0, before - query.limit);
        const records = Array.from({ length: before - from }, (_, i) => recordOf(before - 1 - i));
        return { records, isBehind: false };
      },
    },
  };
}

async function textOf(generator: AsyncGenerator<string>): Promise<string> {
  let text = "";
  for await (const part of generator) text += part;
  return text;
}

const nothing = fakes().services.reader;
const parts = {
  filter: {},
  retired: [],
  format: "jsonl",
  monotonic: () => 0,
  again: async () => undefined,
} as const;

describe("exporting the audit log", () => {
  it("gives every record once, newest first, page by page", async () => {
    for (const count of [0, 1, 499, 500, 501, 1500]) {
      const { reader } = indexOf(count);
      const lines = (await textOf(exportText({ ...parts, logs: oneLog({ ...nothing, ...reader }) })))
        .split("\n")
        .slice(0, -1);
      expect(lines.map((line) => (JSON.parse(line) as AuditRecord).seq)).toEqual(
        Array.from({ length: count }, (_, i) => count - 1 - i),
      );
    }
  });

  it("asks for the next page only when the last one was taken", async () => {
    const { reader, asked } = indexOf(100_000);
    const generator = exportText({ ...parts, logs: oneLog({ ...nothing, ...reader }) });
    await generator.next();
    const before = asked.length;
    await new Promise((resolve) => void setImmediate(resolve));
    expect(asked.length).toBe(before);
    expect(asked.length).toBeLessThan(5);
    await generator.return(undefined);
  });

  it("waits for an index that is behind", async () => {
    const whole = oneLog({ ...nothing, ...indexOf(3).reader });
    let left = 2;
    const search: AuditLogs["search"] = async (query) =>
      left-- > 0
        ? { records: [], partial: [{ log: "a", lacks: "newest", reason: "its index is behind" }] }
        : whole.search(query);
    const lines = (await textOf(exportText({ ...parts, logs: { search } }))).trimEnd().split("\n");
    expect(lines).toHaveLength(3);
  });

  it.each(LACKS)("is refused where a log lacks %s, on any page", async (lacks) => {
    const whole = oneLog({ ...nothing, ...indexOf(1000).reader });
    let pages = 0;
    const generator = exportText({
      ...parts,
      logs: {
        async search(query) {
          pages += 1;
          const partial = pages < 2 ? [] : [{ log: "second", lacks, reason: "its gateway does not answer" }];
          return { ...(await whole.search(query)), partial };
        },
      },
    });
    await expect(textOf(generator)).rejects.toMatchObject({ code: "log_partial", status: 503 });
  });

  it("goes on without what was given up, and names those logs in a header", async () => {
    const whole = oneLog({ ...nothing, ...indexOf(3).reader });
    const given = { log: "b", name: "b", records: 9, by: "olga", reason: "INC-12", at: 0 };
    const logs = ["b", "c c", "d"].map((name) => ({
      name,
      key: `${name}+1+K`,
      host: undefined,
      records: 9,
      checkpoint: undefined,
      seenAt: 0,
      ...(name === "d" ? {} : { retired: given }),
    }));
    const app = createApi(
      fakes({
        logs: {
          ...whole,
          search: async ({ limit, log }) => ({
            ...(await whole.search({ limit })),
            ...(log === "d" ? {} : { retired: [{ log: "b", lacks: "acts", by: "olga", at: 0 }] }),
          }),
        },
        listLogs: async () => ({ logs, note: "", key: "" }),
      }).services,
    );
    const asked = async (query: string): Promise<unknown> => {
      const answer = await app.inject({
        url: `/v1/audit/export?${query}`,
        headers: { authorization: "Bearer token-auditor" },
      });
      expect(answer.statusCode).toBe(200);
      return answer.headers["mayfly-retired-logs"];
    };
    expect(await asked("text=orders")).toBe("b, c%20c");
    expect(await asked("log=d")).toBeUndefined();
    await app.close();
  });

  it("is refused where a log was given up that the header does not name, on any page", async () => {
    const whole = oneLog({ ...nothing, ...indexOf(1000).reader });
    const lacking = (log: string) => ({ log, lacks: "acts", by: "olga", at: 0 }) as const;
    let pages = 0;
    const logs: Pick<AuditLogs, "search"> = {
      async search(query) {
        pages += 1;
        const retired = pages < 2 ? [lacking("b")] : [lacking("b"), lacking("c")];
        return { ...(await whole.search(query)), retired };
      },
    };
    const lines = await textOf(exportText({ ...parts, logs, retired: ["b", "c"] }));
    expect(lines.trimEnd().split("\n")).toHaveLength(1000);
    pages = 0;
    await expect(textOf(exportText({ ...parts, logs, retired: ["b"] }))).rejects.toMatchObject({
      code: "log_partial",
      status: 503,
      message: "c: it was given up after the export had begun",
    });
  });

  it("stops in the middle when the caller may no longer read the log", async () => {
    let now = 0;
    const { reader } = indexOf(100_000);
    const generator = exportText({
      ...parts,
      logs: oneLog({ ...nothing, ...reader }),
      monotonic: () => (now += 6000),
      again: () => Promise.reject(new Error("signed out")),
    });
    await expect(textOf(generator)).rejects.toThrow("signed out");
  });

  it("answers a file of that form, with the filters of a search", async () => {
    const { services, records } = fakes();
    const { reader, asked } = indexOf(3);
    const app = createApi({ ...services, reader: { ...services.reader, ...reader } });
    expect(records).toEqual([]);
    const headers = { authorization: "Bearer token-auditor" };
    const csv = await app.inject({
      url: "/v1/audit/export?format=csv&connection=orders-db&operation=read-orders&type=act.denied&from=2026-11-24T00:00:00Z",
      headers,
    });
    expect(csv.statusCode).toBe(200);
    expect(csv.headers["content-type"]).toBe("text/csv; charset=utf-8; header=present");
    expect(csv.headers["content-disposition"]).toMatch(
      /^attachment; filename="mayfly-audit-\d{4}-\d\d-\d\dT\d{6}Z\.csv"$/,
    );
    expect(csv.headers["x-content-type-options"]).toBe("nosniff");
    expect(csv.body.split("\r\n")[0]).toContain("seq,time,type,principal");
    expect(csv.body.split("\r\n")).toHaveLength(5);
    expect(asked[0]).toEqual({
      connection: "orders-db",
      operation: "read-orders",
      types: ["act.denied"],
      from: Date.UTC(2026, 10, 24),
      limit: 500,
    });
    const jsonl = await app.inject({ url: "/v1/audit/export", headers });
    expect(jsonl.headers["content-type"]).toBe("application/jsonl; charset=utf-8");
    expect(jsonl.body.split("\n")).toHaveLength(4);
    for (const bad of ["?format=xml", "?before=3", "?limit=3", "?type=nothing", "?unknown=1"])
      expect((await app.inject({ url: `/v1/audit/export${bad}`, headers })).statusCode).toBe(400);
    await app.close();
  });

  it("is bounded a principal, and gives its place back when it ends", async () => {
    const { services } = fakes();
    const { reader } = indexOf(100_000);
    const app = createApi({ ...services, reader: { ...services.reader, ...reader } });
    await app.listen({ host: "127.0.0.1", port: 0 });
    const { port } = app.server.address() as AddressInfo;
    const start = () =>
      new Promise<IncomingMessage>((resolve, reject) => {
        const headers = { authorization: "Bearer token-auditor" };
        get({ port, host: "127.0.0.1", path: "/v1/audit/export", headers, agent: false }, resolve).on(
          "error",
          reject,
        );
      });
    const open = [await start(), await start()];
    const third = await start();
    expect([third.statusCode, third.headers["retry-after"]]).toEqual([429, "5"]);
    for (const each of [...open, third]) each.destroy();
    const status = async (): Promise<number | undefined> => {
      const again = await start();
      again.destroy();
      return again.statusCode;
    };
    await expect.poll(status).toBe(200);
    await app.close();
  });
});
