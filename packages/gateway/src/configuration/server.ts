import { join, resolve } from "node:path";
import { addAll, check, finding } from "./findings.ts";
import type { Finding } from "./findings.ts";
import { parts, isPostgresUrl } from "./schema.ts";
import { loadSecrets, problemOfCertificates, problemOfKey } from "./secrets.ts";
import type { Sources } from "./secrets.ts";
import type { Configuration } from "./types.ts";

type Server = Pick<Configuration, "url" | "listen" | "tls" | "store" | "dataFolder" | "audit">;

/** Checks and completes the parts about the gateway itself: address, ports, certificate, store, folders, log. */
export async function readServer(
  written: Record<string, unknown>,
  sources: Sources,
): Promise<{ server?: Server; findings: Finding[] }> {
  const findings: Finding[] = [];
  const url = check(parts.url, written["url"], ["url"]);
  const listen = check(parts.listen, written["listen"] === undefined ? {} : written["listen"], ["listen"]);
  const tls = written["tls"] === undefined ? undefined : check(parts.tls, written["tls"], ["tls"]);
  const data = check(parts.data, written["data"] === undefined ? "data" : written["data"], ["data"]);
  const audit = check(parts.audit, written["audit"] === undefined ? {} : written["audit"], ["audit"]);
  const store = written["store"] === undefined ? undefined : check(parts.store, written["store"], ["store"]);
  for (const part of [url, listen, tls, data, audit, store])
    if (part?.ok === false) addAll(findings, part.findings);

  if (listen.ok) addAll(findings, samePort(listen.output));
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
  return {
    server: {
      url: url.output,
      listen: {
        https: listen.output.https ?? { host: "0.0.0.0", port: 8443, allowInsecureLoopback: false },
        ...(listen.output.postgres === undefined ? {} : { postgres: listen.output.postgres }),
      },
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
        folder:
          audit.output.folder === undefined
            ? join(dataFolder, "audit")
            : resolve(sources.folder, audit.output.folder),
        name: audit.output.name ?? new URL(url.output).hostname,
        sync: audit.output.sync,
        checkpointEvery: audit.output.checkpoint_every,
        ...(audit.output.witnessed === undefined
          ? {}
          : { witnessed: resolve(sources.folder, audit.output.witnessed) }),
      },
    },
    findings,
  };
}

function samePort(listen: ReturnType<typeof parts.listen.parse>): Finding[] {
  const { https, postgres } = listen;
  if (https === undefined || postgres === undefined || https.port === 0) return [];
  if (https.host !== postgres.host || https.port !== postgres.port) return [];
  return [
    finding(
      "value",
      ["listen", "postgres"],
      "this is the address that https listens on",
      "give each its own port",
    ),
  ];
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
