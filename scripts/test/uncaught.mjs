// A reporter of vitest: keeps the errors that no test caught, which its JSON report leaves out, each with its test file.
import { writeFileSync } from "node:fs";

export default class {
  onTestRunEnd(_modules, unhandledErrors) {
    const errors = unhandledErrors.map(({ VITEST_TEST_PATH: file, stack, message, cause }) => {
      const why = [stack ?? String(message), cause?.message].filter((part) => part !== undefined).join("\n");
      // Where the process that ran a file ended with it, only the words name the file.
      return { file: file ?? /while running test file (\S+)/.exec(why)?.[1], message: cause?.message ?? why };
    });
    writeFileSync(process.env["MAYFLY_UNCAUGHT_FILE"], JSON.stringify(errors));
  }
}
