// A reporter of vitest: keeps the errors that no test caught, which its JSON report leaves out, each with its test file.
import { writeFileSync } from "node:fs";

export default class {
  onTestRunEnd(_modules, unhandledErrors) {
    const errors = unhandledErrors.map(({ VITEST_TEST_PATH: file, stack, message, cause }) => {
      // The stack comes last: what is printed ends there.
      const said = [message, cause?.message, stack].filter((part) => part !== undefined).join("\n");
      // Where the process that ran a file ended with it, only the words name the file.
      return { file: file ?? /while running test file (\S+)/.exec(said)?.[1], message: said };
    });
    writeFileSync(process.env["MAYFLY_UNCAUGHT_FILE"], JSON.stringify(errors));
  }
}
