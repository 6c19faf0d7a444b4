import type { DirectPaths, Endpoint } from "../../gate/direct-paths.ts";
import { endpointOf } from "../../gate/web/endpoint-of.ts";
import type { HttpTarget } from "./target.ts";

/** Where an API is. */
export function endpointsOf({ url }: HttpTarget): readonly Endpoint[] {
  return [endpointOf(url)];
}

/** The ways to an API beside the gateway. Who else uses it, nobody here can tell. */
export function directPathsOf(target: HttpTarget): DirectPaths {
  return {
    endpoints: endpointsOf(target),
    isShared: true,
    neighbours: [],
    files: [],
    byHand: [
      "make a new credential at the API for the gateway alone, and revoke every key and token that agents, their hosts or their repositories had",
      "where the API has a list of allowed addresses, or takes client certificates (`client_certificate`), let in the gateway alone",
    ],
  };
}
