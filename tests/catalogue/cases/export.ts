import { existsSync, readFileSync, statSync } from "node:fs";
import { open, type FileHandle } from "node:fs/promises";
import path from "node:path";
import { vi } from "vitest";
import { heldFrom } from "../../../packages/gateway/src/export/held-from.ts";
import { MIB } from "../../../packages/gateway/src/kernel/byte-sizes.ts";
import { json } from "../../../packages/gateway/src/export/testing/http-receiver.ts";
import { until } from "../../../packages/gateway/src/notifications/testing/harness.ts";
import { exported, toReceiver, toSyslog, type Exported } from "../acts/exported.ts";
import { clientCertificateCases, ownCertificate } from "../client-certificate.ts";
import { loads, type Act, type Case, type Document } from "../case.ts";

const at = (...member: (string | number)[]): (string | number)[] => ["export", "destinations", 0, ...member];

/** One destination, with these members. */
const to =
  (members: Document) =>
  (document: Document): void => {
    document.export = { destinations: [{ name: "siem", ...structuredClone(members) }] };
  };

/** The types of the records in a file. */
function typesIn({ folder }: Exported, file: string): string {
  const place = path.join(folder, file);
  if (!existsSync(place)) return "nothing";
  const lines = readFileSync(place, "utf8").split("\n").slice(0, -1);
  return lines.map((line) => (JSON.parse(line) as { type: string }).type).join();
}
const inFile = (file: string): Act =>
  exported(async (log) => {
    await log.arrived();
    return typesIn(log, file);
  });

/** How often a file is synced while a record is written to it. */
const syncs = exported(async (log) => {
  const handle = await open(path.join(log.folder, "probe"), "w");
  await handle.close();
  await log.arrived();
  // How far it has come is kept in a file, and synced, as well: what counts is the destination's own.
  const synced = new Set<number>();
  const sync = vi.spyOn(Object.getPrototypeOf(handle) as FileHandle, "sync");
  sync.mockImplementation(async function note(this: FileHandle) {
    synced.add((await this.stat()).ino);
    await this.datasync();
  });
  try {
    await log.write("grant.released");
    await log.arrived();
    return synced.has(statSync(path.join(log.folder, "audit.jsonl")).ino) ? "on the disk" : "written";
  } finally {
    sync.mockRestore();
  }
});

const syslog = { address: "{{at}}", ca: "ca.pem", resend: "1s" };
const otlp = { url: "{{url}}/v1/logs", allow_insecure_loopback: true };
const splunk = { url: "{{url}}", token: { env: "SECRET" }, allow_insecure_loopback: true };
const taken = json(200, { text: "Success", code: 0 });
/** What a collector gets that acknowledges nothing, as it says. */
const unacknowledged = toReceiver(json(200, { text: "Success", code: 0 }), () => "passed");
const meets = async (log: Exported, meetings: () => number): Promise<string> =>
  log.arrived(() => meetings() > 0);
const arrives = toSyslog(meets);

const overSyslog: readonly Case[] = [
  {
    at: at("syslog"),
    narrow: undefined,
    wide: syslog,
    refused: /^configuration \| this says not where to/,
    act: arrives,
    base: to({}),
  },
  {
    at: at("syslog", "address"),
    narrow: "localhost:1",
    wide: syslog.address,
    refused: /^failed \|.*ECONNREFUSED/,
    act: arrives,
    base: to({ syslog }),
  },
  {
    at: at("syslog", "ca"),
    narrow: "other-ca.pem",
    wide: syslog.ca,
    refused: /^failed \|.*certificate/,
    act: arrives,
    base: to({ syslog }),
  },
  {
    at: at("syslog", "client_certificate"),
    narrow: undefined,
    wide: ownCertificate,
    refused: /^failed \|/,
    act: toSyslog(meets, "client.pem"),
    base: to({ syslog }),
  },
  ...clientCertificateCases({
    at: (...member) => at("syslog", ...member),
    targetOf: (target) => to({ syslog: target }),
    secured: syslog,
    act: arrives,
    refused: /^configuration \| the key does not belong/,
  }),
  {
    at: at("syslog", "resend"),
    narrow: "1h",
    wide: "1s",
    refused: /^not yet$/,
    act: toSyslog(async (log, meetings) => {
      // The second connection confirms the first: from then on `resend` alone holds the records back.
      await until(() => meetings() > 1);
      return log.configuration.export.destinations.some(
        ({ target }) => target.kind === "syslog" && target.resend > 60_000,
      )
        ? "not yet"
        : log.arrived();
    }),
    base: to({ syslog }),
  },
];

const overHttp: readonly Case[] = [
  {
    at: at("otlp"),
    narrow: undefined,
    wide: otlp,
    refused: /^configuration \| this says not where to/,
    act: toReceiver(json(200, {}), () => "passed"),
    base: to({}),
  },
  {
    at: at("otlp", "url"),
    narrow: "{{url}}/v2/logs",
    wide: otlp.url,
    refused: /^\/v2\/logs$/,
    passes: /^\/v1\/logs$/,
    act: toReceiver(json(200, {}), ({ path: where }) => where),
    base: to({ otlp }),
  },
  {
    at: at("otlp", "signal"),
    narrow: "traces",
    wide: "logs",
    refused: /^resourceSpans$/,
    passes: /^resourceLogs$/,
    act: toReceiver(json(200, {}), ({ body }) => Object.keys(JSON.parse(body) as object).join()),
    base: to({ otlp }),
  },
  {
    at: at("otlp", "headers", "authorization"),
    narrow: { env: "WRONG" },
    wide: { env: "SECRET" },
    refused: /^wrong$/,
    passes: /^correct$/,
    act: toReceiver(json(200, {}), ({ headers }) => headers.authorization ?? "none"),
    base: to({ otlp: { ...otlp, headers: {} } }),
  },
  {
    at: at("otlp", "headers"),
    narrow: undefined,
    wide: { authorization: { env: "SECRET" } },
    refused: /^none$/,
    passes: /^correct$/,
    act: toReceiver(json(200, {}), ({ headers }) => headers.authorization ?? "none"),
    base: to({ otlp }),
  },
  {
    at: at("otlp", "ca"),
    narrow: "other-ca.pem",
    wide: "ca.pem",
    refused: /^failed \|.*certificate/,
    act: toReceiver(json(200, {}), () => "passed", "tls"),
    base: to({ otlp: { url: otlp.url } }),
  },
  {
    at: at("otlp", "allow_insecure_loopback"),
    narrow: false,
    wide: true,
    refused: /^configuration \| this must start with https/,
    act: toReceiver(json(200, {}), () => "passed"),
    base: to({ otlp: { url: otlp.url } }),
  },
  {
    at: at("splunk"),
    narrow: undefined,
    wide: splunk,
    refused: /^configuration \| this says not where to/,
    act: toReceiver(taken, () => "passed"),
    base: to({}),
  },
  {
    at: at("splunk", "url"),
    narrow: "{{url}}/below",
    wide: "{{url}}",
    refused: /^\/below\/services/,
    passes: /^\/services\/collector\/event$/,
    act: toReceiver(taken, ({ path: where }) => where),
    base: to({ splunk }),
  },
  {
    at: at("splunk", "token"),
    narrow: { env: "WRONG" },
    wide: { env: "SECRET" },
    refused: /^Splunk wrong$/,
    passes: /^Splunk correct$/,
    act: toReceiver(taken, ({ headers }) => headers.authorization ?? "none"),
    base: to({ splunk }),
  },
  {
    at: at("splunk", "index"),
    narrow: undefined,
    wide: "audit",
    refused: /^its own$/,
    passes: /^audit$/,
    act: toReceiver(taken, ({ body }) => /"index":"(\w+)"/.exec(body)?.[1] ?? "its own"),
    base: to({ splunk }),
  },
  {
    at: at("splunk", "acknowledge"),
    narrow: true,
    wide: false,
    refused: /^failed \| the collector gives no acknowledgement/,
    act: unacknowledged,
    base: to({ splunk }),
  },
  {
    at: at("splunk", "ca"),
    narrow: "other-ca.pem",
    wide: "ca.pem",
    refused: /^failed \|.*certificate/,
    act: toReceiver(taken, () => "passed", "tls"),
    base: to({ splunk: { url: splunk.url, token: splunk.token } }),
  },
  {
    at: at("splunk", "allow_insecure_loopback"),
    narrow: false,
    wide: true,
    refused: /^configuration \| this must start with https/,
    act: toReceiver(taken, () => "passed"),
    base: to({ splunk: { url: splunk.url, token: splunk.token } }),
  },
];

const file = { file: { path: "audit.jsonl" } };

export const exportCases: readonly Case[] = [
  ...overSyslog,
  ...overHttp,
  {
    at: ["export", "hold_back"],
    narrow: "1MiB",
    wide: "3MiB",
    refused: /^given up \| 10$/,
    act: async (load) => {
      const { holdBack } = (await load()).configuration.export;
      const files = [
        { first: 0, bytes: 2 * MIB },
        { first: 10, bytes: MIB },
      ];
      const { givenUp } = heldFrom(0, files, holdBack);
      return givenUp === 0 ? "passed" : `given up | ${givenUp}`;
    },
    base: to(file),
  },
  {
    at: ["export", "destinations"],
    narrow: undefined,
    wide: [{ name: "siem", ...file }],
    refused: /^nothing$/,
    passes: /^log\.opened,grant\.revoked$/,
    act: inFile("audit.jsonl"),
  },
  {
    at: ["export", "destinations", 1, "name"],
    narrow: "siem",
    wide: "other",
    refused: /^configuration \| another destination has this name/,
    act: loads,
    base: (document) => {
      document.export = {
        destinations: [{ name: "siem", ...structuredClone(file) }, { file: { path: "other.jsonl" } }],
      };
    },
  },
  {
    at: at("format"),
    narrow: "ocsf",
    wide: "mayfly",
    refused: /^audit log,User Access Management$/,
    passes: /^log\.opened,grant\.revoked$/,
    act: exported(async (log) => {
      await log.arrived();
      const lines = readFileSync(path.join(log.folder, "audit.jsonl"), "utf8").split("\n").slice(0, -1);
      return lines
        .map((line) => JSON.parse(line) as { type?: string; class_name?: string; entity?: { type: string } })
        .map(({ type, class_name, entity }) => type ?? entity?.type ?? class_name)
        .join();
    }),
    base: to(file),
  },
  {
    at: at("from"),
    narrow: "now",
    wide: "beginning",
    refused: /^nothing$/,
    passes: /^log\.opened,grant\.revoked$/,
    act: inFile("audit.jsonl"),
    base: to(file),
  },
  {
    at: at("file"),
    narrow: undefined,
    wide: file.file,
    refused: /^configuration \| this says not where to/,
    act: loads,
    base: to({}),
  },
  {
    at: at("file", "path"),
    narrow: "data/audit/export.jsonl",
    wide: "audit.jsonl",
    refused: /^configuration \| this file is inside the log's own folder/,
    act: loads,
    base: to(file),
  },
  {
    at: at("file", "sync"),
    narrow: "never",
    wide: "always",
    refused: /^written$/,
    passes: /^on the disk$/,
    act: syncs,
    base: to(file),
  },
];
