import { readFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { startOktaStandIn } from "./index.ts";
import type { OktaStandInOptions } from "./options.ts";

// node src/main.ts [--port N] [--options FILE.json]: runs the stand-in by itself until it is interrupted.
const { values } = parseArgs({ options: { port: { type: "string" }, options: { type: "string" } } });
const fromFile =
  values.options === undefined
    ? {
        people: [
          { login: "alice@example.com", name: "Alice", groups: ["support-leads"] },
          { login: "bob@example.com", name: "Bob", groups: ["platform"] },
        ],
      }
    : (JSON.parse(readFileSync(values.options, "utf8")) as OktaStandInOptions);
const standIn = await startOktaStandIn({
  ...fromFile,
  ...(values.port === undefined ? {} : { port: Number(values.port) }),
});
console.log(`Okta stand-in (not Okta; demonstrations and tests only): ${standIn.issuer}`);
for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => void standIn.close());
