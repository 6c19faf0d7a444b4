import type { ActSource } from "../../../gate/inventory/seen.ts";
import { httpJson } from "./access-json.ts";
import { httpEnvoy } from "./access-log-envoy.ts";
import { httpCombined } from "./access-log.ts";
import { harSource } from "./har.ts";

/** The records of what was done at an HTTP API. */
export const httpSources: readonly ActSource[] = [harSource, httpCombined, httpEnvoy, httpJson];
