import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll } from "vitest";
import { openStore } from "../storage/store.ts";
import { grantModel } from "./states.ts";
import { raceSuite } from "./testing/races.ts";

const folder = mkdtempSync(path.join(tmpdir(), "mayfly-races-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

raceSuite("SQLite", () => openStore({ kind: "sqlite", file: path.join(folder, "m.db") }, grantModel));
