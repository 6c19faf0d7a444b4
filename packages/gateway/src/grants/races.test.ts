import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { openStore } from "../storage/store.ts";
import { grantModel } from "./states.ts";
import { raceSuite } from "./testing/races.ts";

raceSuite("SQLite", () =>
  openStore(
    { kind: "sqlite", file: path.join(mkdtempSync(path.join(tmpdir(), "mayfly-races-")), "m.db") },
    grantModel,
  ),
);
