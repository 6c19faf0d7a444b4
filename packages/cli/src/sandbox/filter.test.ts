import { constants } from "node:os";
import { describe, expect, test } from "vitest";
import { isFiltered, socketFilter } from "./filter.ts";

// Runs the filter as the kernel would: an interpreter of the few instructions that it uses (linux/bpf_common.h).

interface Call {
  readonly number: number;
  readonly audit: number;
  readonly args?: readonly number[];
}

/** What the filter answers to a system call. */
function answer(filter: Buffer, { number, audit, args = [] }: Call): string {
  const data = Buffer.alloc(64);
  data.writeUInt32LE(number, 0);
  data.writeUInt32LE(audit, 4);
  // The upper half is not the kernel's to read where it takes an int.
  for (const [at, value] of args.entries())
    data.writeBigUInt64LE(0xdeadbeef00000000n | BigInt(value >>> 0), 16 + 8 * at);
  let held = 0;
  for (let at = 0; at < filter.length / 8; at++) {
    const [code, yes, no, value] = [
      filter.readUInt16LE(at * 8),
      filter.readUInt8(at * 8 + 2),
      filter.readUInt8(at * 8 + 3),
      filter.readUInt32LE(at * 8 + 4),
    ];
    if (code === 0x20) held = data.readUInt32LE(value);
    else if (code === 0x54) held = (held & value) >>> 0;
    else if (code === 0x15) at += held === value ? yes : no;
    else if (code === 0x35) at += held >= value ? yes : no;
    else if (code === 0x06) return wordOf(value);
    else throw new Error(`instruction ${code} is not known`);
  }
  throw new Error("the filter has no end");
}

function wordOf(value: number): string {
  if (value === 0x7fff0000) return "allowed";
  if (value === 0x80000000) return "killed";
  const errno = value & 0xffff;
  return Object.entries(constants.errno).find(([, each]) => each === errno)?.[0] ?? String(errno);
}

const x64 = 0xc000003e;
const arm64 = 0xc00000b7;

describe.each([
  { machine: "x64", audit: x64, socket: 41, pair: 53, ioctl: 16, kill: 62, key: 250, bpf: 321, write: 1 },
  {
    machine: "arm64",
    audit: arm64,
    socket: 198,
    pair: 199,
    ioctl: 29,
    kill: 129,
    key: 219,
    bpf: 280,
    write: 64,
  },
] as const)("on $machine", ({ machine, audit, socket, pair, ioctl, kill, key, bpf, write }) => {
  const filter = socketFilter(machine, true);
  const asked = (number: number, ...args: readonly number[]): string =>
    answer(filter, { number, audit, args });

  test.each([
    ["IPv4", 2, 1, 0, "allowed"],
    ["IPv6", 10, 2, 0, "allowed"],
    ["Unix", 1, 1, 0, "EAFNOSUPPORT"],
    ["routing", 16, 3, 0, "allowed"],
    ["the kernel's events", 16, 3, 15, "EAFNOSUPPORT"],
    ["packets", 17, 3, 0, "EAFNOSUPPORT"],
    ["virtual machines", 40, 1, 0, "EAFNOSUPPORT"],
    ["no family", 0, 1, 0, "EAFNOSUPPORT"],
  ])("a socket of %s", (_, family, type, protocol, said) => {
    expect(asked(socket, family, type, protocol)).toBe(said);
  });

  test.each([
    ["a stream", 1, 1, "allowed"],
    ["a stream that closes itself and does not wait", 1, 1 | 0o2000000 | 0o4000, "allowed"],
    ["sequenced packets", 1, 5, "allowed"],
    ["datagrams", 1, 2, "EAFNOSUPPORT"],
    ["datagrams that close themselves", 1, 2 | 0o2000000, "EAFNOSUPPORT"],
    ["raw ones", 1, 3, "EAFNOSUPPORT"],
    ["another family's", 2, 1, "EAFNOSUPPORT"],
  ])("a pair of %s", (_, family, type, said) => {
    expect(asked(pair, family, type)).toBe(said);
  });

  test("nothing types into a terminal, and other settings of one are let be", () => {
    expect([asked(ioctl, 0, 0x5412), asked(ioctl, 0, 0x541c), asked(ioctl, 0, 0x5413)]).toEqual([
      "EPERM",
      "EPERM",
      "allowed",
    ]);
  });

  test("the group that is shared with what is outside gets no signal, and one of its own does", () => {
    expect([asked(kill, 0, 15), asked(kill, 7, 15)]).toEqual(["EPERM", "allowed"]);
    expect(answer(socketFilter(machine, false), { number: kill, audit, args: [0, 15] })).toBe("allowed");
  });

  test("keys, rings and maps are not there; all else is", () => {
    expect([key - 2, key - 1, key, 425, 426, 427, bpf].map((number) => asked(number))).toEqual(
      Array.from({ length: 7 }, () => "ENOSYS"),
    );
    expect([asked(write), asked(424), asked(428), asked(key + 1)]).toEqual(
      Array.from({ length: 4 }, () => "allowed"),
    );
  });

  test("calls by other numbers than this machine's end the process", () => {
    const i386 = 0x40000003;
    expect(answer(filter, { number: 102, audit: i386 })).toBe("killed");
    expect(answer(filter, { number: 0x40000000 | socket, audit })).toBe("killed");
  });
});

test("there is a filter for these machines alone", () => {
  expect(["x64", "arm64", "riscv64", "toString"].map((machine) => isFiltered(machine))).toEqual([
    true,
    true,
    false,
    false,
  ]);
});
