// A line that tells what is going on while something takes longer than a second.

/**
 * Runs `work`, saying what it is and how long it takes. On a terminal the line counts; elsewhere it is said once,
 * after a second, so that logs stay short.
 * @template T
 * @param {string} what
 * @param {() => Promise<T>} work
 * @returns {Promise<T>}
 */
export async function progress(what, work) {
  const started = Date.now();
  const seconds = () => `${Math.round((Date.now() - started) / 1000)} s`;
  const terminal = process.stdout.isTTY === true;
  let shown = false;
  const timer = setInterval(() => {
    if (terminal) process.stdout.write(`\r\u001b[K… ${what} (${seconds()})`);
    else if (!shown) console.log(`… ${what}`);
    shown = true;
  }, 1000);
  try {
    return await work();
  } finally {
    clearInterval(timer);
    if (shown) {
      if (terminal) process.stdout.write("\r\u001b[K");
      console.log(`  ${what}: ${seconds()}`);
    }
  }
}
