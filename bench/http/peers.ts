import { spawn } from "node:child_process";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { startOktaStandIn } from "@mayfly/okta-stand-in";
import { getAccess } from "../../tests/support/api.ts";
import { startGateway } from "../../tests/support/gateway.ts";
import { freePort } from "../../tests/support/postgres.ts";

/** One way to the same files. */
export interface Peer {
  readonly name: string;
  /** Without a slash at its end. */
  readonly url: string;
  readonly headers: readonly string[];
}

/** All ways, side by side, and how to end them. */
export interface Peers {
  readonly all: readonly Peer[];
  stop(): Promise<void>;
}

async function answers(port: number): Promise<void> {
  for (let tries = 0; tries < 100; tries += 1) {
    const up = await new Promise<boolean>((resolve) => {
      const socket = connect(port, "127.0.0.1", () => resolve(true)).once("error", () => resolve(false));
      socket.once("connect", () => socket.end());
    });
    if (up) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`nothing listens on port ${port}`);
}

/** An nginx of one worker with a configuration of its own, in the foreground of a process of ours. */
async function startNginx(folder: string, name: string, server: string, port: number): Promise<() => void> {
  const file = path.join(folder, `${name}.conf`);
  await writeFile(
    file,
    `${process.getuid?.() === 0 ? "user root;\n" : ""}worker_processes 1;
daemon off;
pid ${folder}/${name}.pid;
error_log ${folder}/${name}.log;
events { worker_connections 1024; }
http {
  access_log off;
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
  const child = spawn("nginx", ["-c", file, "-p", folder], { stdio: "ignore" });
  await answers(port);
  return () => void child.kill("SIGTERM");
}

/** Starts the API (nginx with files), nginx as a reverse proxy before it, and Mayfly before it, each over TLS. */
export async function startPeers(): Promise<Peers> {
  const folder = await mkdtemp(path.join(tmpdir(), "mayfly-bench-http-"));
  const okta = await startOktaStandIn({ agents: [{ clientId: "0oabench", keys: [] }] });
  const [https, plain, secure, proxy] = [
    await freePort(),
    await freePort(),
    await freePort(),
    await freePort(),
  ];
  const files = path.join(folder, "files");
  await mkdir(files);
  await writeFile(path.join(files, "small"), JSON.stringify({ id: 7, note: "x".repeat(180) }));
  await writeFile(path.join(files, "big"), Buffer.alloc(1_048_576, "x"));
  const config = path.join(folder, "mayfly.yaml");
  await writeFile(
    config,
    `url: https://127.0.0.1:${https}
listen: { https: 127.0.0.1:${https} }
store: sqlite:data/mayfly.db
identity:
  agents:
    issuer: ${okta.issuer}
    audience: ${okta.audience}
    allow_insecure_loopback: true
    directory:
      0oabench: { name: bench, groups: [bench] }
connections:
  api:
    http: { url: "http://127.0.0.1:${plain}", headers: { authorization: { env: API_AUTH } } }
    operations:
      read: { requests: ["GET /{name}"] }
policies:
  - { name: bench, groups: [bench], connection: api, operations: [read], ttl: 8h }
`,
  );
  const gateway = await startGateway(config, { API_AUTH: "Bearer bench" });
  const token = await okta.tokenFor({ agent: "0oabench" });
  const access = await getAccess(gateway, token, "api", ["read"], "8h");
  const certificate = `ssl_certificate ${folder}/data/tls/server.pem; ssl_certificate_key ${folder}/data/tls/server.key;`;
  const stops = [
    await startNginx(
      folder,
      "api",
      `  server { listen 127.0.0.1:${plain}; root ${files}; default_type application/json; }
  server { listen 127.0.0.1:${secure} ssl; ${certificate} root ${files}; default_type application/json; }`,
      secure,
    ),
    await startNginx(
      folder,
      "proxy",
      `  upstream api { server 127.0.0.1:${plain}; keepalive 256; keepalive_requests 1000000; }
  server {
    listen 127.0.0.1:${proxy} ssl; ${certificate}
    location / { proxy_pass http://api; proxy_http_version 1.1; proxy_set_header Connection ""; proxy_set_header Authorization "Bearer bench"; }
  }`,
      proxy,
    ),
  ];
  return {
    all: [
      { name: "direct", url: `https://127.0.0.1:${secure}`, headers: [] },
      { name: "nginx", url: `https://127.0.0.1:${proxy}`, headers: [] },
      {
        name: "Mayfly",
        url: `${gateway.url}/http/api`,
        headers: [`Authorization: Bearer ${access.secret}`],
      },
    ],
    async stop() {
      for (const stop of stops) stop();
      await gateway.stop();
      await okta.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
