import { spawn } from "node:child_process";

/** Whether a browser that is opened here would be in front of whoever runs this command. */
export function hasBrowser(
  environment: Readonly<Record<string, string | undefined>>,
  platform: string,
): boolean {
  const isSet = (name: string): boolean => (environment[name] ?? "") !== "";
  if (isSet("SSH_CONNECTION") || isSet("SSH_TTY") || isSet("CI")) return false;
  if (platform === "darwin" || platform === "win32") return true;
  return isSet("DISPLAY") || isSet("WAYLAND_DISPLAY");
}

/**
 * Opens a URL in the person's browser where there is a way to; the URL has been printed too, so that nothing is lost
 * when there is none.
 */
export function openBrowser(url: string, platform: string = process.platform): void {
  const { protocol } = new URL(url);
  // Nothing but a page: an opener would also start programs and open files.
  if (protocol !== "https:" && protocol !== "http:") return;
  const program = platform === "darwin" ? "open" : platform === "win32" ? undefined : "xdg-open";
  if (program === undefined) return;
  const child = spawn(program, [url], { stdio: "ignore", detached: true });
  child.on("error", () => {});
  child.unref();
}
