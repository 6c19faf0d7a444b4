import type { Secret } from "./secret.ts";

/** Where the audit log is exported to: `export:` of a configuration. */
export interface ExportSettings {
  /** Bytes of records that retention leaves in the log for a destination that has not got them yet. */
  readonly holdBack: number;
  readonly destinations: readonly ExportDestination[];
}

/** How records are written: as the log's readers get them, or as events of the Open Cybersecurity Schema Framework. */
export type ExportFormat = "mayfly" | "ocsf";

/** One destination. */
export interface ExportDestination {
  readonly name: string;
  readonly format: ExportFormat;
  /** Where a destination that is new begins: with the oldest record of the log, or with the next one. */
  readonly from: "beginning" | "now";
  readonly target: ExportTarget;
}

export type ExportTarget = FileTarget | SyslogTarget | OtlpTarget | SplunkTarget;

/** JSON lines in a file. */
export interface FileTarget {
  readonly kind: "file";
  readonly path: string;
  /** Whether what was written is on the disk before it counts as delivered. */
  readonly sync: "always" | "never";
}

/** A receiver of syslog (RFC 5424) over TLS (RFC 5425). */
export interface SyslogTarget {
  readonly kind: "syslog";
  readonly host: string;
  readonly port: number;
  /** PEM of the CA that signed the receiver's certificate, where it is not a public one. */
  readonly ca?: string;
  /** Our own certificate in PEM, and its key, where the receiver asks for one. */
  readonly certificate?: string;
  readonly key?: Secret;
  /** How long before the connection broke what the receiver had read may still be lost with it, milliseconds. */
  readonly resend: number;
}

/** A receiver of OpenTelemetry logs or traces over HTTP. */
export interface OtlpTarget {
  readonly kind: "otlp";
  /** The whole address, `https://collector.internal:4318/v1/logs`. */
  readonly url: string;
  /** Records as log records, or what they tell as spans. */
  readonly signal: "logs" | "traces";
  readonly ca?: string;
  /** Sent with every request. */
  readonly headers: ReadonlyMap<string, Secret>;
}

/** Splunk's HTTP Event Collector, or what speaks as it does. */
export interface SplunkTarget {
  readonly kind: "splunk";
  /** Without a slash at its end; `/services/collector/event` follows it. */
  readonly url: string;
  readonly ca?: string;
  readonly token: Secret;
  /** Left out: the token's own. */
  readonly index?: string;
  /** Whether records count as delivered once the indexers have them (indexer acknowledgment), or once they are taken. */
  readonly acknowledge: boolean;
}
