import { relative, resolve } from "node:path";
import type { Json } from "../kernel/canonical.ts";
import type { ExportDestination, ExportSettings, ExportTarget } from "../kernel/export-settings.ts";
import type { Secret, TextFile } from "../kernel/secret.ts";
import { exportSchema, type WrittenDestination as Written } from "./export-schema.ts";
import { createFileCheck, type OwnPlaces } from "./export-files.ts";
import { problemOfUrl } from "./fields.ts";
import { addAll, check, finding } from "./findings.ts";
import type { Finding } from "./findings.ts";
import { plain } from "./freeze.ts";
import { isMapping } from "./mappings.ts";
import { loadSecrets, problemOfCertificates, problemOfKey } from "./secrets.ts";
import type { Sources } from "./secrets.ts";

const base = ["export"];

/**
 * Checks and completes `export:`, and loads its secrets. Left out: nothing is exported.
 * @param own where no file of a destination may be
 */
export async function readExport(
  written: unknown,
  sources: Sources,
  own: OwnPlaces,
): Promise<{ settings: ExportSettings | undefined; findings: Finding[] }> {
  const ofUrls = urlFindings(written);
  const result = check(exportSchema, written === undefined ? {} : written, base);
  if (!result.ok) return { settings: undefined, findings: [...ofUrls, ...result.findings] };
  const findings = [...ofUrls];
  addAll(findings, await loadSecrets(result.output, base, sources));
  const names = new Set<string>();
  const checkFile = createFileCheck(sources, own);
  const destinations: ExportDestination[] = [];
  for (const [index, one] of result.output.destinations.entries()) {
    const at = [...base, "destinations", index];
    if (names.size === names.add(one.name).size)
      findings.push(
        finding("value", [...at, "name"], "another destination has this name", "give each its own"),
      );
    // A file that could not be read already has its finding.
    if (findings.length === 0) addAll(findings, problemsOf(one, at, checkFile));
    if (findings.length === 0)
      destinations.push({
        name: one.name,
        format: one.format,
        from: one.from,
        target: targetOf(one, sources),
      });
  }
  if (findings.length > 0) return { settings: undefined, findings };
  return { settings: { holdBack: result.output.hold_back, destinations }, findings };
}

function problemsOf(
  { format, file: inFile, syslog: toSyslog, otlp: toOtlp, splunk: toSplunk }: Written,
  at: (string | number)[],
  checkFile: ReturnType<typeof createFileCheck>,
): Finding[] {
  if (toSyslog !== undefined) return problemsOfSyslog(toSyslog, [...at, "syslog"]);
  if (toOtlp?.signal === "traces" && format !== "mayfly")
    return [
      finding(
        "value",
        [...at, "format"],
        "traces have a form of their own",
        "leave `format` out beside `signal: traces`",
      ),
    ];
  if (toOtlp !== undefined) {
    const secrets = Object.entries(toOtlp.headers).map(([name, value]) => ({
      path: ["headers", name],
      value,
    }));
    return problemsOverHttp(toOtlp.ca, secrets, [...at, "otlp"]);
  }
  if (toSplunk !== undefined)
    return problemsOverHttp(toSplunk.ca, [{ path: ["token"], value: toSplunk.token }], [...at, "splunk"]);
  return inFile === undefined ? [] : checkFile(inFile.path, [...at, "file", "path"]);
}

/** @param secrets what goes into headers */
function problemsOverHttp(
  ca: TextFile | undefined,
  secrets: readonly { readonly path: readonly string[]; readonly value: Secret }[],
  at: (string | number)[],
): Finding[] {
  const problem = ca === undefined ? undefined : problemOfCertificates(ca.text());
  return [
    ...(problem === undefined ? [] : [finding("value", [...at, "ca"], problem)]),
    ...secrets
      .filter(({ value }) => value.isLoaded && !/^[\x20-\x7e]+$/.test(value.reveal()))
      .map(({ path }) => finding("value", [...at, ...path], "this secret cannot stand in a header")),
  ];
}

function problemsOfSyslog(
  { address, ca, client_certificate: own }: NonNullable<Written["syslog"]>,
  at: (string | number)[],
): Finding[] {
  if (address.port === 0) return [finding("value", [...at, "address"], "port 0 leads nowhere")];
  const trusted = ca === undefined ? undefined : problemOfCertificates(ca.text());
  if (trusted !== undefined) return [finding("value", [...at, "ca"], trusted)];
  if (own === undefined) return [];
  const { certificate, key } = own;
  const inside = [...at, "client_certificate"];
  const ofCertificate = problemOfCertificates(certificate.text());
  if (ofCertificate !== undefined) return [finding("value", [...inside, "certificate"], ofCertificate)];
  const ofKey = key.isLoaded ? problemOfKey(certificate.text(), key.reveal()) : undefined;
  return ofKey === undefined ? [] : [finding("value", [...inside, "key"], ofKey)];
}

/** Checks addresses as written, so that another error beside them does not hide theirs. */
function urlFindings(written: unknown): Finding[] {
  if (!isMapping(written) || !Array.isArray(written["destinations"])) return [];
  return (written["destinations"] as unknown[]).flatMap((one, index) =>
    ["otlp", "splunk"].flatMap((kind) => {
      const target = isMapping(one) ? one[kind] : undefined;
      if (!isMapping(target) || typeof target["url"] !== "string" || target["url"] === "") return [];
      const insecureLoopback = target["allow_insecure_loopback"] === true;
      const problem = problemOfUrl(target["url"], { path: true, insecureLoopback });
      if (problem === undefined) return [];
      const at = [...base, "destinations", index, kind, "url"];
      return [finding("value", at, problem.message, problem.hint)];
    }),
  );
}

function targetOf(
  { file: inFile, syslog: toSyslog, otlp: toOtlp, splunk: toSplunk }: Written,
  { folder }: Sources,
): ExportTarget {
  if (inFile !== undefined) return { kind: "file", path: resolve(folder, inFile.path), sync: inFile.sync };
  if (toSyslog !== undefined) {
    const { address, ca, client_certificate: own, resend } = toSyslog;
    return {
      kind: "syslog",
      ...address,
      resend,
      ...(ca === undefined ? {} : { ca: ca.text() }),
      ...(own === undefined ? {} : { certificate: own.certificate.text(), key: own.key }),
    };
  }
  if (toOtlp !== undefined) {
    const { url, ca, headers, signal } = toOtlp;
    const trusted = ca === undefined ? {} : { ca: ca.text() };
    return {
      kind: "otlp",
      url: new URL(url).href,
      signal,
      ...trusted,
      headers: new Map(Object.entries(headers)),
    };
  }
  if (toSplunk !== undefined) {
    const { url, ca, token, index, acknowledge } = toSplunk;
    return {
      kind: "splunk",
      url: new URL(url).href.replace(/\/+$/, ""),
      ...(ca === undefined ? {} : { ca: ca.text() }),
      token,
      ...(index === undefined ? {} : { index }),
      acknowledge,
    };
  }
  throw new TypeError("a destination has one target");
}

/** The settings for the digest: files are relative to the configuration's folder. */
export function digestedExport({ holdBack, destinations }: ExportSettings, folder: string): Json {
  return {
    holdBack,
    destinations: destinations.map(({ target, ...rest }) => ({
      ...rest,
      target: {
        ...(plain(target) as { [name: string]: Json }),
        ...(target.kind === "file" ? { path: relative(folder, target.path) } : {}),
      },
    })),
  };
}
