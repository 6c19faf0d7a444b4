import { stat } from "node:fs/promises";
import path from "node:path";
import { askStatus } from "./web.ts";
import { dial } from "./connection.ts";
import { type Finding, TryEnded } from "./finding.ts";

/** A service of a cloud that hands out the host's own credentials to whoever asks from it. */
export interface MetadataAddress {
  readonly whose: string;
  readonly host: string;
}

/** Where clouds have it; each by their manuals on instance metadata and on credentials of containers. */
export const metadataAddresses: readonly MetadataAddress[] = [
  { whose: "AWS, Google, Azure and others", host: "169.254.169.254" },
  { whose: "AWS, over IPv6", host: "fd00:ec2::254" },
  { whose: "AWS ECS", host: "169.254.170.2" },
  { whose: "AWS EKS", host: "169.254.170.23" },
  { whose: "Alibaba", host: "100.100.100.200" },
];

/** Tries a metadata address: whatever HTTP it says, it is there. Nothing is asked of it that holds a credential. */
export async function tryMetadata({ host }: MetadataAddress, ms: number): Promise<Finding> {
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
