import { foldersAbove } from "./paths.ts";

/** What is hidden in a sandbox, by its real path. */
export interface Hidden {
  readonly files: readonly string[];
  readonly folders: readonly string[];
}

/** The file descriptors that a sandbox is started with, beside the three usual ones. */
export const descriptors = { ipc: 3, hosts: 4, empty: 5, filter: 6 } as const;

/** What a sandbox is made of. */
export interface SandboxPlan {
  /** bwrap's path. */
  readonly bwrap: string;
  /** A folder of its own, empty. */
  readonly folder: string;
  readonly hidden: Hidden;
  /** Files that stay, though they lie in a folder that is hidden. */
  readonly kept: readonly string[];
  /** The real path of the hosts file. */
  readonly hosts: string;
  readonly cwd: string;
  readonly uid: number;
  readonly gid: number;
  /** A door is below 1024. */
  readonly hasLowPort: boolean;
  /** No terminal: the command gets a session of its own, and cannot signal what is outside. */
  readonly ownSession: boolean;
  readonly command: readonly string[];
}

/**
 * The arguments of bwrap(1) for a sandbox: two of them, one in the other. The outer one has the network without a way out,
 * in which it lets anybody listen at any port, and a file system of its own for the empty file that covers others. The
 * inner one has the command: no capability, no new namespaces, no processes but its own, no devices.
 */
export function sandboxArguments(plan: SandboxPlan): readonly string[] {
  const { bwrap, folder, hasLowPort } = plan;
  const lowPorts = hasLowPort ? "echo 0 > /proc/sys/net/ipv4/ip_unprivileged_port_start && " : "";
  return [
    ["--dev-bind", "/", "/", "--unshare-user", "--uid", "0", "--gid", "0", "--unshare-net"],
    // To map the user 0 once more (user_namespaces(7)), and for the port's setting.
    ["--cap-drop", "ALL", "--cap-add", "CAP_SETFCAP"],
    hasLowPort ? ["--cap-add", "CAP_NET_ADMIN"] : [],
    ["--tmpfs", folder, "--perms", "0444", "--file", String(descriptors.empty), `${folder}/empty`],
    ["--die-with-parent", "--", "/bin/sh", "-c"],
    // Ctrl-C is for the command: whoever waits for it must outlive it.
    [`${lowPorts}trap "" INT QUIT TERM HUP USR1 USR2 && exec "$@"`, "sh", bwrap],
    innerArguments(plan),
  ].flat();
}

function innerArguments(plan: SandboxPlan): readonly string[] {
  const { folder, hidden, kept, hosts } = plan;
  const bind = (how: string, path: string, from = path): readonly string[] => [how, from, path];
  return [
    bind("--bind", "/"),
    ["--dev", "/dev", "--proc", "/proc"],
    // The host's settings: root owns them, whatever capabilities it lacks.
    bind("--ro-bind", "/sys"),
    bind("--ro-bind", "/proc/sys"),
    bind("--ro-bind-try", "/proc/sysrq-trigger"),
    ["--unshare-user", "--uid", String(plan.uid), "--gid", String(plan.gid), "--disable-userns"],
    ["--unshare-pid", "--unshare-ipc", "--cap-drop", "ALL", "--die-with-parent"],
    plan.ownSession ? ["--new-session"] : [],
    // A folder that is mounted cannot be moved away with what is hidden in it.
    ...[...new Set([...hidden.folders, ...hidden.files].flatMap(foldersAbove))]
      .toSorted()
      .map((path) => bind("--bind", path)),
    ...hidden.folders.map((path) => ["--perms", "0700", "--tmpfs", path]),
    ...hidden.files.map((path) => bind("--ro-bind", path, `${folder}/empty`)),
    ["--perms", "0644", "--ro-bind-data", String(descriptors.hosts), hosts],
    ...kept.map((path) => bind("--ro-bind", path)),
    ["--tmpfs", folder, "--seccomp", String(descriptors.filter), "--chdir", plan.cwd],
    ["--", ...plan.command],
  ].flat();
}
