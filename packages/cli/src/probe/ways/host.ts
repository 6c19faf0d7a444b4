import { stat } from "node:fs/promises";
import path from "node:path";
import { askStatus } from "./web.ts";
import { attempt, type Place, written } from "./attempt.ts";
import { dial } from "./connection.ts";
import { type Finding, TryEnded } from "./finding.ts";

/** A service of a cloud that hands out the host's own credentials to whoever asks from it. */
interface MetadataAddress {
  readonly whose: string;
  readonly host: string;
}

/** Where clouds have it; each by their manuals on instance metadata and on credentials of containers. */
const metadataAddresses: readonly MetadataAddress[] = [
  { whose: "AWS, Google, Azure and others", host: "169.254.169.254" },
  { whose: "AWS, over IPv6", host: "fd00:ec2::254" },
  { whose: "AWS ECS", host: "169.254.170.2" },
  { whose: "AWS EKS", host: "169.254.170.23" },
  { whose: "AWS EKS, over IPv6", host: "fd00:ec2::23" },
  { whose: "Azure's host agent", host: "168.63.129.16" },
  { whose: "Alibaba", host: "100.100.100.200" },
  { whose: "Tencent", host: "169.254.0.23" },
  { whose: "Scaleway", host: "169.254.42.42" },
];

/** Tries a metadata address: whatever HTTP it says, it is there. Nothing is asked of it that holds a credential. */
async function tryMetadata({ host }: MetadataAddress, ms: number): Promise<Finding> {
  const authority = host.includes(":") ? `[${host}]` : host;
  try {
    const open = (): ReturnType<typeof dial> => dial({ host, port: 80 }, ms);
    const status = await askStatus({ open, isSecure: false, name: undefined, authority, target: "/", ms });
    return {
      found: "answered",
      detail: `HTTP answers ${status}: it may hand out this host's own credentials`,
    };
  } catch (error) {
    return error instanceof TryEnded ? error.finding : { found: "other", detail: String(error) };
  }
}

/** Where variables say that a container's or a function's credentials are handed out (AWS and Azure, each by its SDK's manual). */
function namedMetadata(env: Readonly<Record<string, string | undefined>>): readonly URL[] {
  const names = ["AWS_CONTAINER_CREDENTIALS_FULL_URI", "IDENTITY_ENDPOINT", "MSI_ENDPOINT"];
  return names.flatMap((name) => {
    const value = env[name] ?? "";
    return URL.canParse(value) && /^https?:$/.test(new URL(value).protocol) ? [new URL(value)] : [];
  });
}

/** A container engine that a variable names, and that no file's socket leads to. */
function remoteEngines(env: Readonly<Record<string, string | undefined>>): readonly URL[] {
  return ["DOCKER_HOST", "CONTAINER_HOST"].flatMap((name) => {
    const value = env[name] ?? "";
    return URL.canParse(value) && !/^(?:unix|npipe|fd):$/.test(new URL(value).protocol)
      ? [new URL(value)]
      : [];
  });
}

/** The sockets of container engines: whoever may use one is as good as root on the host. */
export function containerSockets(
  env: Readonly<Record<string, string | undefined>>,
  root = "/",
): readonly string[] {
  const named = [env["DOCKER_HOST"], env["CONTAINER_HOST"], env["CONTAINERD_ADDRESS"]].flatMap((each) =>
    each?.startsWith("unix://") === true
      ? [each.slice("unix://".length)]
      : each?.startsWith("/") === true
        ? [each]
        : [],
  );
  const own = env["XDG_RUNTIME_DIR"];
  const usual = [
    "/var/run/docker.sock",
    "/run/containerd/containerd.sock",
    "/run/k3s/containerd/containerd.sock",
    "/run/crio/crio.sock",
    "/run/podman/podman.sock",
  ].map((each) => path.join(root, each));
  const users =
    own === undefined || own === ""
      ? []
      : ["docker.sock", "podman/podman.sock"].map((each) => path.join(own, each));
  return [...new Set([...named, ...users, ...usual])];
}

/** Tries a container engine's socket: nothing is said on it. */
export async function tryContainerSocket(file: string, ms: number): Promise<Finding> {
  try {
    const found = await stat(file).catch(() => undefined);
    if (found !== undefined && !found.isSocket()) return { found: "absent", detail: "no socket" };
    const connection = await dial({ path: file }, ms);
    connection.destroy();
    return {
      found: "answered",
      detail: "takes this account's connection: it is as good as root on the host",
    };
  } catch (error) {
    const { finding } = error instanceof TryEnded ? error : new TryEnded("other", String(error));
    // A file that nobody listens at.
    return finding.found === "refused" ? { found: "absent", detail: "nobody listens there" } : finding;
  }
}

/** A way of the host itself, beside all connections. */
interface HostWay {
  readonly kind: "metadata" | "socket";
  readonly to: string;
  readonly by: string;
  readonly credentials: readonly string[];
  readonly run: () => Promise<Finding>;
}

/** What gives whoever is on this host more than its grants. */
export function waysOfHost({
  env,
  ms,
}: {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly ms: number;
}): readonly HostWay[] {
  const metadata = { kind: "metadata", credentials: [] } as const;
  const engine = { kind: "socket", by: "container engine", credentials: [] } as const;
  return [
    ...metadataAddresses.map((address) => ({
      ...metadata,
      to: written({ host: address.host, port: 80 }),
      by: `cloud metadata (${address.whose})`,
      run: () => tryMetadata(address, ms),
    })),
    ...namedMetadata(env).map((url) => ({
      ...metadata,
      to: url.host,
      by: "cloud metadata (named by the environment)",
      run: () => attempt(placeOf(url), undefined, ms),
    })),
    ...containerSockets(env).map((file) => ({
      ...engine,
      to: file,
      run: () => tryContainerSocket(file, ms),
    })),
    ...remoteEngines(env).map((url) => ({ ...engine, to: url.host, run: () => tryEngine(url, ms) })),
  ];
}

async function tryEngine(url: URL, ms: number): Promise<Finding> {
  if (url.protocol === "ssh:") return { found: "other", detail: "not tried: it is reached over SSH" };
  return attempt(placeOf(url), undefined, ms);
}

const usualPorts: Readonly<Record<string, number>> = { "https:": 443, "http:": 80, "tcp:": 2375 };

/** Where a URL leads; what is spoken there does not matter. */
function placeOf({ hostname, protocol, port }: URL): Place {
  const host = hostname.replace(/^\[|\]$/g, "");
  return { host, port: port === "" ? (usualPorts[protocol] ?? 0) : Number(port), speaks: "tcp", logins: [] };
}
