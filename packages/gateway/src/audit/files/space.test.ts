import { expect, test } from "vitest";
import { createSpace } from "./space.ts";

const MIB = 1024 * 1024;

test("a reserve is a twentieth of the disk and at most 256 MiB, unless it is configured", () => {
  const low = (free: number, size: number, reserve?: number): boolean =>
    createSpace("/log", { reserve, onChange: () => undefined, ask: () => ({ free, size }) }).low !==
    undefined;
  expect([low(MIB, 20 * MIB), low(MIB - 1, 20 * MIB)]).toEqual([false, true]);
  expect([low(256 * MIB, 1e12), low(256 * MIB - 1, 1e12)]).toEqual([false, true]);
  expect([low(512 * MIB, 1e12, 512 * MIB), low(511 * MIB, 1e12, 512 * MIB)]).toEqual([false, true]);
  expect(low(0, 1e12, 0)).toBe(false);
});

test("files run out as well: where small payloads took them, nothing but ends is recorded", () => {
  const low = (files: { free: number; all: number }, reserve?: number): string | undefined =>
    createSpace("/log", {
      reserve,
      onChange: () => undefined,
      ask: () => ({ free: 1e12, size: 1e12, files }),
    }).low;
  expect(low({ free: 1000, all: 1e6 })).toBeUndefined();
  expect(low({ free: 999, all: 1e6 })).toContain("its disk takes 999 more files (inodes)");
  expect([low({ free: 5, all: 100 }), low({ free: 4, all: 100 }) === undefined]).toEqual([undefined, false]);
  expect(low({ free: 0, all: 100 }, 0)).toBeUndefined();
});

test("what is written between two looks counts, and the file system has the last word", () => {
  let free = 10 * MIB;
  let asked = 0;
  const told: (string | undefined)[] = [];
  const space = createSpace("/log", {
    reserve: MIB,
    onChange: (low) => told.push(low),
    ask() {
      asked += 1;
      return { free, size: 1e12 };
    },
  });
  space.wrote(8 * MIB);
  expect([space.low, asked]).toEqual([undefined, 1]);
  // Others have freed as much meanwhile.
  space.wrote(8 * MIB);
  expect([space.low, asked]).toEqual([undefined, 2]);
  free = MIB / 2;
  space.wrote(10 * MIB);
  expect(space.low).toBe(
    "its disk has 512.0 KiB left, and the last 1.0 MiB are for the ends of what was granted (audit.reserve)",
  );
  free = MIB / 4;
  space.look();
  free = 2 * MIB;
  space.look();
  expect(space.low).toBeUndefined();
  expect(told).toEqual([expect.stringContaining("512.0 KiB left"), undefined]);
});

test("a folder that is gone is not taken for a full disk", () => {
  expect(createSpace("/nowhere/at/all", { onChange: () => undefined }).low).toBeUndefined();
});

test("a disk that does not say what it has left is taken for one that is low, unless nothing is kept", () => {
  let code: string | undefined = "EIO";
  const ask = () => {
    if (code !== undefined) throw Object.assign(new Error(`${code}: statfs`), { code });
    return { free: 1e12, size: 1e12 };
  };
  const make = (reserve?: number) => createSpace("/log", { reserve, onChange: () => undefined, ask });
  const space = make();
  expect(space.low).toContain("its disk does not say what it has left (EIO: statfs)");
  expect(make(0).low).toBeUndefined();
  code = undefined;
  space.look();
  expect(space.low).toBeUndefined();
});
