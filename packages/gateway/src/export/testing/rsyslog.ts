import { spawn, type ChildProcess } from "node:child_process";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import path from "node:path";
import { freePort } from "@mayfly/testing/ports.ts";
import { root } from "@mayfly/testing/gateway.ts";
import type { TestCertificate } from "../../protocols/postgres/testing/wire.ts";

/** Debian's rsyslogd, that takes syslog over TLS and writes each message's structured data and text to a file. */
export interface Rsyslog {
  readonly port: number;
  /** Starts it, and waits until it listens. */
  start(): Promise<void>;
  /** Kills it as `kill -9` does, and waits until it is gone. */
  kill(): Promise<void>;
  /** What it has written: a message a line. */
  lines(): readonly string[];
}

/** Where its modules are, installed or unpacked. */
function modulesFolder(): string {
  const unpacked = path.join(root, ".cache/debian/usr/lib");
  for (const lib of [unpacked, "/usr/lib"]) {
    const found = (existsSync(lib) ? readdirSync(lib) : [])
      .map((name) => path.join(lib, name, "rsyslog"))
      .find((folder) => existsSync(path.join(folder, "lmnsd_ossl.so")));
    if (found !== undefined) return found;
  }
  throw new Error("rsyslog's modules are not here; run `npm test` once");
}

/**
 * @param options `clientCa`: only clients with a certificate of this CA are let in; `buffered`: what was read stays in memory
 * for up to 2 s before it is written, and is lost when it is killed
 */
export async function makeRsyslog(
  folder: string,
  { certificate, key }: Pick<TestCertificate, "certificate" | "key">,
  { clientCa, buffered = false }: { readonly clientCa?: string; readonly buffered?: boolean } = {},
): Promise<Rsyslog> {
  const buffer = buffered ? 'asyncWriting="on" flushInterval="2" ioBufferSize="1m" flushOnTXEnd="off"' : "";
  const port = await freePort();
  const file = (name: string): string => path.join(folder, name);
  writeFileSync(file("server.pem"), certificate);
  writeFileSync(file("server.key"), key);
  writeFileSync(file("ca.pem"), clientCa ?? certificate);
  writeFileSync(
    file("rsyslog.conf"),
    `global(
  workDirectory="${folder}" maxMessageSize="128k" defaultNetstreamDriver="ossl"
  defaultNetstreamDriverCAFile="${file("ca.pem")}"
  defaultNetstreamDriverCertFile="${file("server.pem")}" defaultNetstreamDriverKeyFile="${file("server.key")}"
)
module(
  load="imtcp" streamDriver.name="ossl" streamDriver.mode="1"
  streamDriver.authMode="${clientCa === undefined ? "anon" : "x509/certvalid"}"
)
template(name="line" type="string" string="%structured-data% %msgid% %msg%\\n")
input(type="imtcp" port="${port}" ruleset="audit")
ruleset(name="audit") { action(type="omfile" file="${file("audit.log")}" template="line" ${buffer}) }
`,
  );
  let child: ChildProcess | undefined;
  return {
    port,
    async start() {
      const args = ["-n", "-iNONE", "-M", modulesFolder(), "-f", file("rsyslog.conf")];
      const lib = path.dirname(modulesFolder());
      const started = spawn("rsyslogd", args, {
        stdio: ["ignore", "ignore", "pipe"],
        env: {
          ...process.env,
          LD_LIBRARY_PATH: [lib, process.env["LD_LIBRARY_PATH"]].filter(Boolean).join(":"),
        },
      });
      child = started;
      let said = "";
      started.stderr.setEncoding("utf8").on("data", (text: string) => (said += text));
      const gone = new Promise<never>((_, reject) => {
        started.once("error", reject);
        started.once("close", (code) => reject(new Error(`rsyslogd ended with ${code}: ${said}`)));
      });
      gone.catch(() => undefined);
      await Promise.race([gone, listening(port)]);
    },
    async kill() {
      const running = child;
      if (running === undefined || running.exitCode !== null || running.signalCode !== null) return;
      const gone = new Promise((resolve) => running.once("close", resolve));
      running.kill("SIGKILL");
      await gone;
    },
    lines: () =>
      existsSync(file("audit.log")) ? readFileSync(file("audit.log"), "utf8").split("\n").slice(0, -1) : [],
  };
}

/** Waits until somebody listens. */
async function listening(port: number): Promise<void> {
  for (;;) {
    const isThere = await new Promise<boolean>((resolve) => {
      const socket = connect(port, "127.0.0.1");
      socket.once("connect", () => resolve(true));
      socket.once("error", () => resolve(false));
      socket.once("close", () => socket.destroy());
      socket.once("connect", () => socket.destroy());
    });
    if (isThere) return;
    await new Promise<void>((resolve) => setTimeout(resolve, 50));
  }
}
