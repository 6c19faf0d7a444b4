import { createHash } from "node:crypto";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { root } from "@mayfly/testing/gateway.ts";
import { freePort } from "@mayfly/testing/ports.ts";
import { startListening, type Started } from "../processes.ts";

/** One way to the same files. */
export interface Peer {
  readonly name: string;
  /** Without a slash at its end. */
  readonly url: string;
  readonly headers: readonly string[];
  /** What runs between client and API; nothing for direct. */
  readonly processes: readonly number[];
}

/** The API that every peer reaches: an nginx that serves two files, with and without TLS. */
export interface Api extends Started {
  readonly port: number;
  readonly tlsPort: number;
}

/** The certificate that a peer shows, and a folder for what it writes. */
export interface Place {
  readonly folder: string;
  readonly certificate: string;
  readonly key: string;
}

/** Sizes of the answers. */
export const files = { small: "200 B", big: "1 MB" } as const;

export async function makePlace(tls: {
  readonly certificate: string;
  readonly key: string;
}): Promise<Place & { remove(): Promise<void> }> {
  const folder = await mkdtemp(path.join(tmpdir(), "mayfly-bench-http-"));
  const [certificate, key] = [path.join(folder, "server.pem"), path.join(folder, "server.key")];
  await writeFile(certificate, tls.certificate);
  await writeFile(key, tls.key);
  return { folder, certificate, key, remove: () => rm(folder, { recursive: true, force: true }) };
}

/** An nginx of one worker with a configuration of its own, in the foreground of a process of ours. */
async function startNginx(
  { folder }: Place,
  name: string,
  log: string,
  server: string,
  port: number,
): Promise<Started> {
  const file = path.join(folder, `${name}.conf`);
  await writeFile(
    file,
    `${process.getuid?.() === 0 ? "user root;\n" : ""}worker_processes 1;
daemon off;
pid ${folder}/${name}.pid;
error_log ${folder}/${name}-error.log;
events { worker_connections 1024; }
http {
  access_log ${log};
  keepalive_requests 1000000;
  client_body_temp_path ${folder}/${name}-body;
  proxy_temp_path ${folder}/${name}-proxy;
  fastcgi_temp_path ${folder}/${name}-f;
  uwsgi_temp_path ${folder}/${name}-u;
  scgi_temp_path ${folder}/${name}-s;
${server}
}
`,
  );
  return startListening("nginx", ["-c", file, "-p", folder], port);
}

const tlsOf = ({ certificate, key }: Place): string =>
  `ssl_certificate ${certificate}; ssl_certificate_key ${key};`;

export async function startApi(place: Place): Promise<Api> {
  const [port, tlsPort] = [await freePort(), await freePort()];
  const served = path.join(place.folder, "files");
  await mkdir(served);
  await writeFile(path.join(served, "small"), JSON.stringify({ id: 7, note: "x".repeat(180) }));
  await writeFile(path.join(served, "big"), Buffer.alloc(1_048_576, "x"));
  const both = `root ${served}; default_type application/json;`;
  const started = await startNginx(
    place,
    "api",
    "off",
    `  server { listen 127.0.0.1:${port}; ${both} }
  server { listen 127.0.0.1:${tlsPort} ssl; ${tlsOf(place)} ${both} }`,
    tlsPort,
  );
  return { ...started, port, tlsPort };
}

const upstreamTo = (name: string, port: number): string =>
  `  upstream ${name} { server 127.0.0.1:${port}; keepalive 256; keepalive_requests 1000000; }`;

const PASS_ON = `proxy_http_version 1.1; proxy_set_header Connection "";`;

/** nginx as a reverse proxy that checks nothing. */
export async function startNginxProxy(place: Place, api: Api): Promise<Peer & Started> {
  const port = await freePort();
  const started = await startNginx(
    place,
    "proxy",
    "off",
    `${upstreamTo("api", api.port)}
  server {
    listen 127.0.0.1:${port} ssl; ${tlsOf(place)}
    location / { proxy_pass http://api; ${PASS_ON} proxy_set_header Authorization "Bearer bench"; }
  }`,
    port,
  );
  return {
    ...started,
    name: "nginx",
    url: `https://127.0.0.1:${port}`,
    headers: [],
    processes: [started.pid],
  };
}

/** nginx that asks an authorizer about every request and logs each: what would be built instead of Mayfly. */
export async function startNginxWithAuthorizer(place: Place, api: Api): Promise<Peer & Started> {
  const [port, authorizerPort] = [await freePort(), await freePort()];
  const bearer = "Bearer of-the-benchmark-and-nobody-else";
  const digest = createHash("sha256").update(bearer).digest("hex");
  const authorizer = await startListening(
    process.execPath,
    [path.join(root, "bench/http/authorizer.ts"), String(authorizerPort), digest],
    authorizerPort,
  );
  const started = await startNginx(
    place,
    "checking",
    `${place.folder}/access.log`,
    `${upstreamTo("api", api.port)}
${upstreamTo("authorizer", authorizerPort)}
  server {
    listen 127.0.0.1:${port} ssl; ${tlsOf(place)}
    location / {
      auth_request /authorize;
      proxy_pass http://api; ${PASS_ON} proxy_set_header Authorization "Bearer bench";
    }
    location = /authorize {
      internal;
      proxy_pass http://authorizer; ${PASS_ON} proxy_pass_request_body off; proxy_set_header Content-Length "";
    }
  }`,
    port,
  ).catch(async (error: unknown) => {
    await authorizer.stop();
    throw error;
  });
  return {
    name: "nginx with auth_request",
    url: `https://127.0.0.1:${port}`,
    headers: [`Authorization: ${bearer}`],
    processes: [started.pid, authorizer.pid],
    pid: started.pid,
    async stop() {
      await started.stop();
      await authorizer.stop();
    },
  };
}

/** A relay of node:http and undici that checks nothing, over TLS and without. */
export async function startBareRelay(
  place: Place,
  api: Api,
): Promise<Started & { readonly plain: Peer; readonly tls: Peer }> {
  const [port, tlsPort] = [await freePort(), await freePort()];
  const started = await startListening(
    process.execPath,
    [
      path.join(root, "bench/http/bare-relay.ts"),
      ...[port, tlsPort, api.port].map(String),
      place.certificate,
      place.key,
    ],
    tlsPort,
  );
  const shared = { headers: [], processes: [started.pid] };
  return {
    ...started,
    plain: { name: "bare node:http", url: `http://127.0.0.1:${port}`, ...shared },
    tls: { name: "bare node:https", url: `https://127.0.0.1:${tlsPort}`, ...shared },
  };
}
