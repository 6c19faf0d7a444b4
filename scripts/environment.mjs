// `source <(node scripts/environment.mjs)`: brings what a clone needs to be tried (packages, psql, curl), and lets the
// shell find mayflyd, mayfly, psql and the commands that start an org and a database to try them with.
import path from "node:path";
import { environment, root, setup } from "./setup.mjs";

// What is printed is run by the shell: what setup says goes to the terminal.
console.log = (...words) => console.error(...words);
try {
  await setup(["psql", "curl"]);
} catch (error) {
  console.error(error.message);
  process.stdout.write("false\n");
  process.exit(1);
}
const { PATH = "", LD_LIBRARY_PATH } = environment();
const ours = [path.join(root, "scripts", "bin"), ...PATH.split(path.delimiter)];
const quoted = (text) => `'${text.replaceAll("'", "'\\''")}'`;
const own = new Set(ours.filter((folder) => folder.startsWith(`${root}${path.sep}`)));
process.stdout.write(`export PATH=${quoted([...own].join(path.delimiter))}:"$PATH"\n`);
if (LD_LIBRARY_PATH !== undefined)
  process.stdout.write(`export LD_LIBRARY_PATH=${quoted(LD_LIBRARY_PATH)}\n`);
