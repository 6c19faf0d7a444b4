// A reporter of vitest: keeps the errors that no test caught, which its JSON report leaves out, each with its test file.
import { writeFileSync } from "node:fs";

export default class {
  onTestRunEnd(_modules, unhandledErrors) {
    const errors = unhandledErrors.map(({ VITEST_TEST_PATH: file, stack, message }) => ({
      file,
      message: stack ?? String(message),
    }));
    writeFileSync(process.env["MAYFLY_UNCAUGHT_FILE"], JSON.stringify(errors));
  }
}
