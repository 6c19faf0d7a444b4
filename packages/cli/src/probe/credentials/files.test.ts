import { chmodSync } from "node:fs";
import { expect, test } from "vitest";
import { failed, holdsBytes, listFolder, readHead, readWhole } from "./files.ts";
import { makePlace } from "./testing/place.ts";

const NOBODY = 65_534;

/** Runs something as somebody to whom permissions apply. */
async function asNobody<T>(run: () => Promise<T>): Promise<T> {
  const isRoot = process.geteuid?.() === 0;
  if (isRoot) process.seteuid?.(NOBODY);
  try {
    return await run();
  } finally {
    if (isRoot) process.seteuid?.(0);
  }
}

test("a file that only others may read is said, and so is a folder", async () => {
  using place = makePlace({ "~/.netrc": "secret" });
  chmodSync(place.path("~/.netrc"), 0o000);
  chmodSync(place.surroundings.root, 0o755);
  const unread = { kind: "unread", why: "only others may read it" };
  expect(await asNobody(() => readWhole(place.path("~/.netrc")))).toEqual(unread);
  chmodSync(place.surroundings.home, 0o000);
  expect(await asNobody(() => readWhole(place.path("~/.netrc")))).toEqual(unread);
  expect(await asNobody(() => listFolder(place.surroundings.home))).toEqual(unread);
  chmodSync(place.surroundings.home, 0o700);
});

test("what is not there is nothing, even below a file", async () => {
  using place = makePlace({ "~/file": "x" });
  for (const path of ["~/absent", "~/file/below", `~/${"x".repeat(300)}`, "~/a\0b"])
    expect(await readWhole(place.path(path))).toEqual({ kind: "nothing" });
});

test("a file that says that it is empty is read all the same", async () => {
  const read = await readWhole("/proc/self/status");
  expect(read.kind === "read" && read.value.bytes.toString()).toMatch(/^Name:/);
});

test("of a large file its head alone is read", async () => {
  using place = makePlace({ "~/large": "x".repeat(3 * 1024 * 1024) });
  const head = await readHead(place.path("~/large"));
  expect(head.kind === "read" && head.value.bytes.length).toBe(16 * 1024);
});

test("a file of one megabyte is read whole", async () => {
  using place = makePlace({ "~/full": "x".repeat(1024 * 1024) });
  const whole = await readWhole(place.path("~/full"));
  expect(whole.kind === "read" && whole.value.bytes.length).toBe(1024 * 1024);
});

test("of a large folder ten thousand names are listed", async () => {
  using place = makePlace(
    Object.fromEntries(Array.from({ length: 10_001 }, (_, at) => [`~/many/${at}`, ""])),
  );
  const listed = await listFolder(place.path("~/many"));
  expect(listed.kind === "read" && [listed.value.names.length, listed.value.isCut]).toEqual([10_000, true]);
});

test("only a regular file holds anything: the system's own do not say so", async () => {
  using place = makePlace({ "~/full": "x", "~/empty": "" });
  const holds = async (path: string): Promise<unknown> => holdsBytes(path);
  expect(await holds(place.path("~/full"))).toEqual({ kind: "read", value: true });
  expect(await holds(place.path("~/empty"))).toEqual({ kind: "read", value: false });
  expect(await holds("/proc/self/status")).toEqual({ kind: "read", value: false });
  expect(await holds("/dev/zero")).toEqual({ kind: "unread", why: "no regular file" });
  expect(failed(Object.assign(new Error(), { code: "EAGAIN" })).kind).toBe("unread");
});

test("an error's own text is not passed on", () => {
  expect(failed(new Error("secret"))).toEqual({ kind: "unread", why: "reading it fails" });
  expect(failed(Object.assign(new Error("secret"), { code: "EIO" }))).toEqual({
    kind: "unread",
    why: "reading it fails: EIO",
  });
});
