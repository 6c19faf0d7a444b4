import type { DirectPaths } from "../../gate/direct-paths.ts";
import { endpointOf } from "../../gate/web/endpoint-of.ts";
import type { HttpTarget } from "./target.ts";

/** The ways to an API beside the gateway. Who else uses it, nobody here can tell. */
export function directPathsOf({ url }: HttpTarget): DirectPaths {
  return {
    endpoints: [endpointOf(url)],
    isShared: true,
    neighbours: [],
    files: [],
    byHand: [
      "make a new credential at the API for the gateway alone, and revoke every key and token that agents, their hosts or their repositories had",
      "where the API has a list of allowed addresses, or takes client certificates (`client_certificate`), let in the gateway alone",
    ],
  };
}
