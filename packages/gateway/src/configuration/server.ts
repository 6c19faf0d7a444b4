import { join, resolve } from "node:path";
import type * as z from "zod";
import { checkpointUrlFindings, readCheckpoints } from "./checkpoints.ts";
import { archiveUrlFindings, readRetention } from "./retention.ts";
import { addAll, check, finding } from "./findings.ts";
import type { Finding } from "./findings.ts";
import { listenSchema } from "./listen.ts";
import { logName, parts } from "./schema.ts";
import { isPostgresUrl } from "./store.ts";
import { loadSecrets, problemOfCertificates, problemOfKey } from "./secrets.ts";
import type { Sources } from "./secrets.ts";
import { missingVariable } from "./unset.ts";
import type { Configuration, ListenAddress, ProtocolSchema } from "./types.ts";

type Server = Pick<Configuration, "url" | "listen" | "tls" | "store" | "dataFolder" | "audit">;

/** Checks and completes the parts about the gateway itself: address, ports, certificate, store, folders, log. */
export async function readServer(
  written: Record<string, unknown>,
  protocols: readonly ProtocolSchema[],
  sources: Sources,
): Promise<{ server?: Server; findings: Finding[] }> {
  const findings: Finding[] = [];
  const url = check(parts.url, written["url"], ["url"]);
  const listen = check(listenSchema(protocols), written["listen"] === undefined ? {} : written["listen"], [
    "listen",
  ]);
  const tls = written["tls"] === undefined ? undefined : check(parts.tls, written["tls"], ["tls"]);
  const data = check(parts.data, written["data"] === undefined ? "data" : written["data"], ["data"]);
  const audit = check(parts.audit, written["audit"] === undefined ? {} : written["audit"], ["audit"]);
  const store = written["store"] === undefined ? undefined : check(parts.store, written["store"], ["store"]);
  addAll(findings, checkpointUrlFindings(written["audit"]));
  addAll(findings, archiveUrlFindings(written["audit"]));
  for (const part of [url, listen, tls, data, audit, store])
    if (part?.ok === false) addAll(findings, part.findings);

  if (listen.ok) addAll(findings, samePorts(listen.output));
  if (tls?.ok === true) addAll(findings, await tlsFindings(tls.output, sources));
  if (store?.ok === true) {
    addAll(findings, await loadSecrets(store.output, ["store"], sources));
    const named =
      store.output.kind === "postgres" && store.output.url.source !== undefined && store.output.url.isLoaded;
    if (findings.length === 0 && named && !isPostgresUrl(store.output.url.reveal())) {
      findings.push(
        finding(
          "value",
          ["store", "postgres"],
          "this secret is not a URL of the form postgres://USER:PASSWORD@HOST/DATABASE",
        ),
      );
    }
  }
  const name = audit.ok ? nameOfLog(audit.output.name, sources) : undefined;
  if (name !== undefined && typeof name !== "string") findings.push(name);
  if (
    !url.ok ||
    !listen.ok ||
    tls?.ok === false ||
    !data.ok ||
    !audit.ok ||
    store?.ok === false ||
    findings.length > 0
  ) {
    return { findings };
  }
  const dataFolder = resolve(sources.folder, data.output);
  const folder =
    audit.output.folder === undefined
      ? join(dataFolder, "audit")
      : resolve(sources.folder, audit.output.folder);
  const kept =
    audit.output.retention === undefined
      ? { findings: [] }
      : await readRetention(audit.output.retention, sources, folder);
  if (kept.findings.length > 0) return { findings: [...kept.findings] };
  const leaving =
    audit.output.checkpoints === undefined
      ? { findings: [] }
      : await readCheckpoints(audit.output.checkpoints, sources, folder);
  if (leaving.findings.length > 0) return { findings: [...leaving.findings] };
  return {
    server: {
      url: url.output,
      listen: listenOf(listen.output),
      ...(tls === undefined
        ? {}
        : { tls: { certificate: tls.output.certificate.text(), key: tls.output.key } }),
      store:
        store === undefined
          ? { kind: "sqlite", file: join(dataFolder, "mayfly.db") }
          : store.output.kind === "sqlite"
            ? { kind: "sqlite", file: resolve(sources.folder, store.output.file) }
            : store.output,
      dataFolder,
      audit: {
        folder,
        name: typeof name === "string" ? name : new URL(url.output).hostname,
        sync: audit.output.sync,
        checkpointEvery: audit.output.checkpoint_every,
        ...(audit.output.reserve === undefined ? {} : { reserve: audit.output.reserve }),
        ...(audit.output.witnessed === undefined
          ? {}
          : { witnessed: resolve(sources.folder, audit.output.witnessed) }),
        ...(leaving.checkpoints === undefined ? {} : { checkpoints: leaving.checkpoints }),
        ...(kept.retention === undefined ? {} : { retention: kept.retention }),
      },
    },
    findings,
  };
}

/** The log's name as written or from the environment, undefined when there is none, or what is wrong with it. */
function nameOfLog(
  written: z.output<typeof parts.audit>["name"],
  { environment, unset }: Sources,
): string | Finding | undefined {
  if (written === undefined || typeof written === "string") return written;
  const path = ["audit", "name", "env"];
  const value = Object.hasOwn(environment, written.env) ? environment[written.env] : undefined;
  if (value === undefined || value === "") {
    unset.push(missingVariable(written.env, value === "" ? "empty" : "not set", path));
    return undefined;
  }
  const { error } = logName.safeParse(value);
  if (error === undefined) return value;
  return finding("value", path, `${written.env} does not name a log: ${error.issues[0]?.message}`);
}

/** Reads `listen:`, member by member. */
type WrittenListen = z.output<ReturnType<typeof listenSchema>>;

function listenOf({ https, metrics, ...ports }: WrittenListen): Configuration["listen"] {
  const given = Object.entries(ports).filter(
    (entry): entry is [string, ListenAddress] => entry[1] !== undefined,
  );
  return {
    https: https ?? { host: "0.0.0.0", port: 8443, allowInsecureLoopback: false },
    ...(metrics === undefined ? {} : { metrics }),
    ports: new Map(given),
  };
}

/** Finds two listeners at one address; port 0 is a free port each time. */
function samePorts(listen: WrittenListen): Finding[] {
  const members = Object.entries(listen);
  return members.flatMap(([member, at], index) => {
    if (at === undefined || at.port === 0) return [];
    const other = members.slice(0, index).find(([, one]) => one?.host === at.host && one.port === at.port);
    if (other === undefined) return [];
    const message = `this is the address that ${other[0]} listens on`;
    return [finding("value", ["listen", member], message, "give each its own port")];
  });
}

async function tlsFindings(
  tls: NonNullable<ReturnType<typeof parts.tls.parse>>,
  sources: Sources,
): Promise<Finding[]> {
  const findings = await loadSecrets(tls, ["tls"], sources);
  if (findings.length > 0) return findings;
  const certificate = problemOfCertificates(tls.certificate.text());
  if (certificate !== undefined) return [finding("value", ["tls", "certificate"], certificate)];
  if (!tls.key.isLoaded) return [];
  const key = problemOfKey(tls.certificate.text(), tls.key.reveal());
  return key === undefined ? [] : [finding("value", ["tls", "key"], key)];
}
