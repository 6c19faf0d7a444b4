import { folded, isObject, type JsonObject, member } from "../write/objects.ts";

/**
 * A member that a standard restricts, wherever it stands in an object: so that pods are judged also where they are templates,
 * or parts of kinds that nobody knew when this was written.
 */
export interface Control {
  /** The control, as the standard names it. */
  readonly name: string;
  readonly member: string;
  /** The member around it, whatever lists stand between; left out: any. */
  readonly inside?: string | readonly string[];
  /** @param pod the pod's specification around it, where there is one */
  readonly allows: (value: unknown, pod: JsonObject | undefined) => boolean;
}

/** Nothing, or what says no. */
export const unset = (value: unknown): boolean => value === undefined || value === null || value === false;
const oneOf =
  (...values: readonly unknown[]) =>
  (value: unknown): boolean =>
    values.includes(value);
const noneOr =
  (...values: readonly unknown[]) =>
  (value: unknown): boolean =>
    value === undefined || value === null || values.includes(value);
const listOf =
  (allows: (element: unknown) => boolean) =>
  (value: unknown): boolean =>
    value === null || value === undefined || (Array.isArray(value) && value.every(allows));

const capabilities = [
  "AUDIT_WRITE",
  "CHOWN",
  "DAC_OVERRIDE",
  "FOWNER",
  "FSETID",
  "KILL",
  "MKNOD",
  "NET_BIND_SERVICE",
  "SETFCAP",
  "SETGID",
  "SETPCAP",
  "SETUID",
  "SYS_CHROOT",
];
const sysctls = [
  "kernel.shm_rmid_forced",
  "net.ipv4.ip_local_port_range",
  "net.ipv4.ip_local_reserved_ports",
  "net.ipv4.ip_unprivileged_port_start",
  "net.ipv4.ping_group_range",
  "net.ipv4.tcp_fin_timeout",
  "net.ipv4.tcp_keepalive_intvl",
  "net.ipv4.tcp_keepalive_probes",
  "net.ipv4.tcp_keepalive_time",
  "net.ipv4.tcp_notsent_lowat",
  "net.ipv4.tcp_rmem",
  "net.ipv4.tcp_slow_start_after_idle",
  "net.ipv4.tcp_syncookies",
  "net.ipv4.tcp_wmem",
];
const profiles = oneOf("RuntimeDefault", "Localhost");
const seLinuxTypes = noneOr("", "container_t", "container_init_t", "container_kvm_t", "container_engine_t");

/** The Pod Security Standards, level Baseline, as of Kubernetes 1.37: what a pod may say. */
export const baseline: readonly Control[] = [
  { name: "HostProcess", member: "hostProcess", allows: unset },
  { name: "Host Namespaces", member: "hostNetwork", allows: unset },
  { name: "Host Namespaces", member: "hostPID", allows: unset },
  { name: "Host Namespaces", member: "hostIPC", allows: unset },
  { name: "Privileged Containers", member: "privileged", allows: unset },
  { name: "Capabilities", member: "add", inside: "capabilities", allows: listOf(oneOf(...capabilities)) },
  { name: "HostPath Volumes", member: "hostPath", allows: unset },
  { name: "Host Ports", member: "hostPort", allows: noneOr(0, false) },
  { name: "Host Probes", member: "host", inside: ["httpGet", "tcpSocket"], allows: noneOr("") },
  { name: "AppArmor", member: "type", inside: "appArmorProfile", allows: profiles },
  { name: "SELinux", member: "type", inside: "seLinuxOptions", allows: seLinuxTypes },
  { name: "SELinux", member: "user", inside: "seLinuxOptions", allows: noneOr("") },
  { name: "SELinux", member: "role", inside: "seLinuxOptions", allows: noneOr("") },
  {
    name: "/proc Mount Type",
    member: "procMount",
    // In a user namespace of its own a pod may see all of its /proc.
    allows: (value, pod) =>
      noneOr("Default")(value) || (value === "Unmasked" && pod?.["hostUsers"] === false),
  },
  { name: "Seccomp", member: "type", inside: "seccompProfile", allows: profiles },
  {
    name: "Sysctls",
    member: "sysctls",
    allows: listOf(
      (each) =>
        isObject(each) &&
        Object.keys(each).every((name) => name === "name" || folded(name) !== "name") &&
        sysctls.includes(String(member(each, "name"))),
    ),
  },
];

/** Annotations by which the standard's profiles were chosen before they were members, and the values that confine. */
export const profileAnnotations: readonly {
  readonly name: RegExp;
  readonly allows: (value: unknown) => boolean;
}[] = [
  {
    name: /^container\.apparmor\.security\.beta\.kubernetes\.io\//,
    allows: (value) => noneOr("", "runtime/default")(value) || isLocal(value),
  },
  {
    name: /^(?:container\.)?seccomp\.security\.alpha\.kubernetes\.io\//,
    allows: (value) => noneOr("runtime/default", "docker/default")(value) || isLocal(value),
  },
];

function isLocal(value: unknown): boolean {
  return typeof value === "string" && value.startsWith("localhost/");
}
