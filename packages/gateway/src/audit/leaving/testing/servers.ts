import { createHash } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { sign } from "aws4";

/** A server on the loopback address. */
export interface TestServer {
  readonly url: string;
  close(): Promise<void>;
}

/** Starts one. @param answer called with each request once its body is there */
export async function startServer(
  answer: (request: IncomingMessage, response: ServerResponse, body: string, bytes: Buffer) => void,
): Promise<TestServer> {
  const server = createServer((request, response) => {
    const parts: Buffer[] = [];
    request.on("data", (part: Buffer) => parts.push(part));
    request.on("end", () => {
      const bytes = Buffer.concat(parts);
      answer(request, response, bytes.toString("utf8"), bytes);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** A server that speaks as S3 does where the gateway speaks to it, and lies when told to. */
export interface S3Server extends TestServer {
  /** By path. */
  readonly objects: Map<string, string>;
  /** The same, as they came. */
  readonly stored: Map<string, Buffer>;
  readonly credentials: {
    readonly accessKeyId: string;
    readonly secretAccessKey: string;
    readonly sessionToken?: string;
  };
  /** `keeps nothing`, `alters`, `endless`: what it does in the place of storing and giving back. */
  /** `PUT`: it takes nothing; `conditions`: it knows no conditional writes. */
  refuses: "PUT" | "conditions" | undefined;
  /** What happens a moment before it looks at what it is to store. */
  onPut: (path: string, bytes: Buffer) => void;
  lie: "none" | "keeps nothing" | "alters" | "endless";
}

/** It checks each signature by aws4, an implementation other than the one that signs. */
export async function startS3(credentials: S3Server["credentials"]): Promise<S3Server> {
  const objects = new Map<string, string>();
  const stored = new Map<string, Buffer>();
  const answer = (request: IncomingMessage, response: ServerResponse, body: string, bytes: Buffer): void => {
    const path = request.url ?? "";
    const refuse = (status: number, code: string): void => {
      response.writeHead(status, { "content-type": "application/xml" });
      response.end(`<Error><Code>${code}</Code><Message>${request.headers.authorization}</Message></Error>`);
    };
    if (!isSigned(request, bytes, credentials)) return refuse(403, "SignatureDoesNotMatch");
    if (request.method === "PUT") {
      if (server.refuses === "PUT") return refuse(503, "SlowDown");
      if (server.refuses === "conditions" && request.headers["if-none-match"] !== undefined)
        return refuse(501, "NotImplemented");
      server.onPut(path, bytes);
      if (request.headers["if-none-match"] === "*" && stored.has(path))
        return refuse(412, "PreconditionFailed");
      if (server.lie !== "keeps nothing") {
        objects.set(path, body);
        stored.set(path, server.lie === "alters" ? Buffer.concat([bytes, Buffer.from("0")]) : bytes);
      }
      response.writeHead(200).end();
      return;
    }
    const held = stored.get(path);
    if (held === undefined) return refuse(404, "NoSuchKey");
    response.writeHead(200);
    if (server.lie === "endless") {
      const more = (): void => {
        if (!response.destroyed) response.write("x".repeat(16_384), () => setImmediate(more));
      };
      more();
    } else response.end(held);
  };
  const started = await startServer(answer);
  const server: S3Server = {
    ...started,
    objects,
    stored,
    credentials,
    lie: "none",
    refuses: undefined,
    onPut: () => undefined,
  };
  return server;
}

function isSigned(request: IncomingMessage, body: Buffer, credentials: S3Server["credentials"]): boolean {
  const { authorization = "", host = "" } = request.headers;
  const match =
    /^AWS4-HMAC-SHA256 Credential=[^/]+\/\d{8}\/([a-z0-9-]+)\/s3\/aws4_request, ?SignedHeaders=([a-z0-9;-]+), ?Signature=/.exec(
      authorization,
    );
  const [, region, names] = match ?? [];
  if (region === undefined || names === undefined) return false;
  const digest = createHash("sha256").update(body).digest("hex");
  if (request.headers["x-amz-content-sha256"] !== digest) return false;
  const headers = Object.fromEntries(
    names
      .split(";")
      .filter((name) => name !== "x-amz-security-token")
      .map((name) => [name, String(request.headers[name])]),
  );
  const signed = sign(
    { host, path: request.url ?? "", method: request.method ?? "", service: "s3", region, headers },
    credentials,
  );
  const compact = (text: unknown): string => String(text).replaceAll(", ", ",");
  return compact(signed.headers?.["Authorization"]) === compact(authorization);
}
