// What the tests call that npm does not bring.
import { setupSchemaSuite } from "./schema-suite.mjs";
import { clientPrograms, containerPrograms, setup } from "../setup.mjs";

/** Makes a fresh clone ready for every test. */
export async function setupTests() {
  await setup([
    "psql",
    "curl",
    "kubectl",
    "faketime",
    "systemd-analyze",
    "rsyslogd",
    "litewitness",
    "ssh-agent",
    "ip",
    "nft",
    "bwrap",
    ...clientPrograms,
    ...containerPrograms,
  ]);
  await setupSchemaSuite();
  try {
    await setup(["chromium"]);
  } catch (error) {
    // The browser suite then fails by itself, with a hint; all the others still tell what they have to tell.
    console.error(`no browser for the browser suite: ${error.message}`);
  }
}
