import { relative } from "node:path";
import { digestOf } from "../kernel/canonical.ts";
import type { Json } from "../kernel/canonical.ts";
import type { Secret } from "../kernel/secret.ts";
import { digestedExport } from "./export.ts";
import { plain } from "./freeze.ts";
import type { Configuration } from "./types.ts";

/** The content of the digest. Folders are relative to the file's, so that the same files have the same digest anywhere. */
export function digested(decided: Omit<Configuration, "file" | "files" | "digest">, folder: string): Json {
  const { listen, store, tls, dataFolder, audit } = decided;
  const storedAt: Json =
    store.kind === "sqlite"
      ? { kind: "sqlite", file: relative(folder, store.file) }
      : { kind: "postgres", url: plainUrl(store.url) };
  return {
    ...(plain(decided) as { [name: string]: Json }),
    listen: plain({
      https: listen.https,
      ...(listen.metrics === undefined ? {} : { metrics: listen.metrics }),
      ...Object.fromEntries(listen.ports),
    }),
    store: storedAt,
    ...(tls === undefined ? {} : { tls: { certificate: digestOf(tls.certificate), key: plain(tls.key) } }),
    dataFolder: relative(folder, dataFolder),
    export: digestedExport(decided.export, folder),
    audit: {
      ...(plain(audit) as { [name: string]: Json }),
      folder: relative(folder, audit.folder),
      ...(audit.checkpoints === undefined
        ? {}
        : {
            checkpoints: {
              ...(plain(audit.checkpoints) as { [name: string]: Json }),
              to: audit.checkpoints.to.map((one) =>
                plain("path" in one ? { ...one, path: relative(folder, one.path) } : one),
              ),
            },
          }),
      ...(audit.retention === undefined
        ? {}
        : {
            retention: {
              ...(plain(audit.retention) as { [name: string]: Json }),
              archive: relative(folder, audit.retention.archive),
            },
          }),
    },
  };
}

/** A store's URL for the digest: one in the file holds no password; one from elsewhere is represented by its source. */
function plainUrl(url: Secret): Json {
  return url.source === undefined ? url.reveal() : plain(url);
}
