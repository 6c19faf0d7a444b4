import type { Exporter } from "../../exporter.ts";

/** A text attribute of OTLP. */
export const text = (
  key: string,
  stringValue: string,
): { readonly key: string; readonly value: { readonly stringValue: string } } => ({
  key,
  value: { stringValue },
});

/** Who sends, as a Resource of OTLP. */
export function resourceOf({ host, log, version }: Exporter): object {
  return {
    attributes: [
      text("service.name", "mayflyd"),
      text("service.version", version),
      text("service.instance.id", log),
      text("host.name", host),
    ],
  };
}
