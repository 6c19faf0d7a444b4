import type { RawRequestDefaultExpression } from "fastify";

declare module "fastify" {
  interface FastifyRequest {
    /** The address that the request came from. Read once, at first: a socket does not tell it after its end. */
    clientAddress: string;
  }
}

/**
 * The address of a request's client.
 * @returns undefined when its connection is gone already; over HTTP/2 a socket that is gone may throw instead
 */
export function clientAddressOf(request: RawRequestDefaultExpression): string | undefined {
  try {
    return request.socket.remoteAddress;
  } catch {
    return undefined;
  }
}
