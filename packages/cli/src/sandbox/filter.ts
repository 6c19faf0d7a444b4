import { constants } from "node:os";

/** The machines that there is a filter for, as `process.arch` calls them. */
type Machine = "x64" | "arm64";

/** What the kernel calls a machine (linux/audit.h), and its numbers of the system calls that are looked at. */
interface Numbers {
  readonly audit: number;
  readonly socket: number;
  readonly socketpair: number;
  readonly ioctl: number;
  readonly kill: number;
  readonly missing: readonly number[];
}

/** arch/x86/entry/syscalls/syscall_64.tbl; include/uapi/asm-generic/unistd.h. `missing`: add_key, request_key, keyctl, io_uring's three, bpf. */
const machines: Readonly<Record<Machine, Numbers>> = {
  x64: {
    audit: 0xc000003e,
    socket: 41,
    socketpair: 53,
    ioctl: 16,
    kill: 62,
    missing: [248, 249, 250, 425, 426, 427, 321],
  },
  arm64: {
    audit: 0xc00000b7,
    socket: 198,
    socketpair: 199,
    ioctl: 29,
    kill: 129,
    missing: [217, 218, 219, 425, 426, 427, 280],
  },
};

/** Whether there is a filter for this machine. */
export function isFiltered(machine: string): machine is Machine {
  return Object.hasOwn(machines, machine);
}

// Where the parts of struct seccomp_data lie (seccomp(2)); of an argument the lower half: the kernel reads these as ints.
const NUMBER = 0;
const AUDIT = 4;
const argument = (at: number): number => 16 + 8 * at;

// struct sock_filter's codes (linux/bpf_common.h).
const LOAD = 0x20;
const AND = 0x54;
const IF_EQUAL = 0x15;
const IF_AT_LEAST = 0x35;
const RETURN = 0x06;

// What a filter answers (seccomp(2)).
const ALLOW = 0x7fff0000;
const KILL = 0x80000000;
const refuse = (errno: number): number => 0x00050000 | errno;

/** socket(2), AF_UNIX: SOCK_DGRAM and SOCK_RAW can be connected anew, to a path. */
const STREAM = 1;
const SEQPACKET = 5;
const TYPE_MASK = 0xf;
const [AF_UNIX, AF_INET, AF_INET6, AF_NETLINK, NETLINK_ROUTE] = [1, 2, 10, 16, 0];
/** ioctl_tty(2), ioctl_console(2): what puts signs into a terminal as if they had been typed. */
const [TIOCSTI, TIOCLINUX] = [0x5412, 0x541c];
/** The bit of x32's numbers: another set of the same calls (arch/x86/include/uapi/asm/unistd.h). */
const X32 = 0x40000000;

type Step = readonly [code: number, value: number, ifTrue?: number, ifFalse?: number];

const { EAFNOSUPPORT, ENOSYS, EPERM } = constants.errno;

/**
 * The seccomp filter of a sandbox, as struct sock_filter[] (seccomp(2)). Without a network only paths lead out: it refuses
 * sockets of any family but IP's and routing's, keys and maps that the kernel keeps, io_uring (which opens sockets by itself) and
 * what types into a terminal.
 * @param sharesGroup the command is in a process group with what is outside: it cannot be told to end
 */
export function socketFilter(machine: Machine, sharesGroup: boolean): Buffer {
  const numbers = machines[machine];
  const steps: Step[] = [
    [LOAD, AUDIT],
    [IF_EQUAL, numbers.audit, 1, 0],
    [RETURN, KILL],
    [LOAD, NUMBER],
    [IF_AT_LEAST, X32, 0, 1],
    [RETURN, KILL],
  ];
  const rule = (number: number, body: readonly Step[]): void =>
    void steps.push([IF_EQUAL, number, 0, body.length], ...body);
  rule(numbers.socket, [
    [LOAD, argument(0)],
    [IF_EQUAL, AF_INET, 5, 0],
    [IF_EQUAL, AF_INET6, 4, 0],
    [IF_EQUAL, AF_NETLINK, 0, 2],
    [LOAD, argument(2)],
    [IF_EQUAL, NETLINK_ROUTE, 1, 0],
    [RETURN, refuse(EAFNOSUPPORT)],
    [RETURN, ALLOW],
  ]);
  rule(numbers.socketpair, [
    [LOAD, argument(0)],
    [IF_EQUAL, AF_UNIX, 0, 4],
    [LOAD, argument(1)],
    [AND, TYPE_MASK],
    [IF_EQUAL, STREAM, 2, 0],
    [IF_EQUAL, SEQPACKET, 1, 0],
    [RETURN, refuse(EAFNOSUPPORT)],
    [RETURN, ALLOW],
  ]);
  rule(numbers.ioctl, [
    [LOAD, argument(1)],
    [IF_EQUAL, TIOCSTI, 1, 0],
    [IF_EQUAL, TIOCLINUX, 0, 1],
    [RETURN, refuse(EPERM)],
    [RETURN, ALLOW],
  ]);
  if (sharesGroup)
    rule(numbers.kill, [
      [LOAD, argument(0)],
      [IF_EQUAL, 0, 0, 1],
      [RETURN, refuse(EPERM)],
      [RETURN, ALLOW],
    ]);
  for (const number of numbers.missing) rule(number, [[RETURN, refuse(ENOSYS)]]);
  steps.push([RETURN, ALLOW]);
  return assemble(steps);
}

/** struct sock_filter: u16 code, u8 jt, u8 jf, u32 k; little-endian on both machines. */
function assemble(steps: readonly Step[]): Buffer {
  const program = Buffer.alloc(steps.length * 8);
  for (const [at, [code, value, ifTrue = 0, ifFalse = 0]] of steps.entries()) {
    program.writeUInt16LE(code, at * 8);
    program.writeUInt8(ifTrue, at * 8 + 2);
    program.writeUInt8(ifFalse, at * 8 + 3);
    program.writeUInt32LE(value >>> 0, at * 8 + 4);
  }
  return program;
}
