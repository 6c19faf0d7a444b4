import { mkdirSync, readFileSync, statSync } from "node:fs";
import { hostname } from "node:os";

/** The running kernel's own id (random(4)): no two machines, and no two boots of one, have the same. */
const BOOT_ID_FILE = "/proc/sys/kernel/random/boot_id";

/** Tells a folder from every other, on whichever machine or in whichever container; another after a reboot. */
export function placeOf(folder: string): string {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const { dev, ino } = statSync(folder);
  let machine: string;
  try {
    machine = readFileSync(BOOT_ID_FILE, "utf8").trim();
  } catch {
    machine = hostname();
  }
  return `${machine} ${dev}:${ino}`;
}
