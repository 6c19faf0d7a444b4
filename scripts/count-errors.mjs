// A reporter of vitest: keeps how many errors no test caught, which its JSON report leaves out.
import { writeFileSync } from "node:fs";

export default class {
  onTestRunEnd(_modules, unhandledErrors) {
    writeFileSync(process.env["MAYFLY_UNCAUGHT_FILE"], String(unhandledErrors.length));
  }
}
