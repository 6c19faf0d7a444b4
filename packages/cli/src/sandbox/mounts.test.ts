import { expect, test } from "vitest";
import { kernelMounts, otherPaths, readMounts } from "./mounts.ts";

const line = (device: string, root: string, path: string, kind = "ext4"): string =>
  `22 1 ${device} ${root} ${path} rw,nosuid shared:5 - ${kind} /dev/vda rw`;

test("file systems of the kernel are found, whatever their folders are called", () => {
  const mounts = readMounts(
    [
      "22 1 0:20 / /proc rw,nosuid shared:5 - proc proc rw",
      "23 1 0:21 / /srv/a\\040b\\134c rw - sysfs sysfs rw",
      "24 1 0:22 / /data rw shared:1 master:2 - ext4 /dev/vda rw",
      "25 1 0:23 / /srv/maps rw - bpf bpf rw",
      "",
    ].join("\n"),
  );
  expect(kernelMounts(mounts)).toEqual(["/proc", "/srv/a b\\c", "/srv/maps"]);
});

test.each([
  ["a file of a disk that is mounted once", [line("8:1", "/", "/")], "/home/a/.netrc", []],
  [
    "a folder above it is mounted once more",
    [line("8:1", "/", "/"), line("8:1", "/home", "/mnt/homes")],
    "/home/a/.netrc",
    ["/mnt/homes/a/.netrc"],
  ],
  [
    "the file itself is",
    [line("8:1", "/", "/"), line("8:1", "/home/a/.netrc", "/srv/n")],
    "/home/a/.netrc",
    ["/srv/n"],
  ],
  ["another folder is", [line("8:1", "/", "/"), line("8:1", "/home/ab", "/srv")], "/home/a/.netrc", []],
  [
    "it is seen by the second mount, and the first has all",
    [line("8:1", "/", "/"), line("8:1", "/home", "/mnt/homes")],
    "/mnt/homes/a/.netrc",
    ["/home/a/.netrc"],
  ],
  ["another disk is", [line("8:1", "/", "/"), line("8:2", "/home", "/mnt")], "/home/a/.netrc", []],
  [
    "a disk of its own is mounted twice",
    [
      line("8:1", "/", "/"),
      line("8:2", "/", "/home"),
      line("8:2", "/", "/mnt/h"),
      line("8:1", "/", "/mnt/r"),
    ],
    "/home/a/.netrc",
    ["/mnt/h/a/.netrc"],
  ],
  [
    "what was mounted above another counts",
    [line("8:1", "/", "/"), line("8:2", "/", "/home"), line("8:3", "/x", "/home"), line("8:3", "/", "/mnt")],
    "/home/a",
    ["/mnt/x/a"],
  ],
])("other paths: %s", (_, lines, path, others) => {
  expect(otherPaths(path, readMounts(lines.join("\n")))).toEqual(others);
});
