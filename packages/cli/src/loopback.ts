import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { MayflyError } from "@mayfly/sdk";

/** Where an authorization server sends the browser back to: a server on this machine, for one answer (RFC 8252, 7.3). */
export interface Loopback {
  /** `http://127.0.0.1:PORT/callback`. */
  readonly redirectUri: string;
  /**
   * Waits for the browser to come back with `state`, and shows it how it went once `finish` is done.
   * @param finish gets the whole address that the browser came to; when it rejects, the browser is told so
   * @throws MayflyError login_failed when nobody comes within `patience` milliseconds
   */
  answer<T>(state: string, finish: (came: URL) => Promise<T>, patience: number): Promise<T>;
  close(): void;
}

/** The browser's last page. Nothing in it comes from the request. */
function page(response: ServerResponse, status: number, title: string, text: string): void {
  response.writeHead(status, {
    "content-type": "text/html; charset=utf-8",
    "cache-control": "no-store",
    "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
    connection: "close",
  });
  response.end(
    `<!doctype html><html lang="en"><meta charset="utf-8"><title>${title}</title><h1>${title}</h1><p>${text}</p></html>`,
  );
}

/**
 * Listens on 127.0.0.1: the address itself and not `localhost`, which could be another machine's (RFC 8252, section
 * 8.3).
 * @param port 0 takes any free one
 */
export async function openLoopback(port: number): Promise<Loopback> {
  const server = createServer();
  // What is slow to say what it wants is no browser that comes back.
  server.headersTimeout = 5000;
  server.requestTimeout = 5000;
  server.maxConnections = 32;
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, "127.0.0.1", resolve);
  }).catch((cause: unknown) => {
    throw new MayflyError("login_failed", `port ${port} of 127.0.0.1 cannot be listened on`, {
      cause,
      hint: "leave --redirect-port out, or give one that is free",
    });
  });
  const host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  const redirectUri = `http://${host}/callback`;
  return {
    redirectUri,
    answer(state, finish, patience) {
      return new Promise((resolve, reject) => {
        const late = setTimeout(() => {
          const minutes = Math.round(patience / 60_000);
          reject(
            new MayflyError("login_failed", `nobody signed in within ${minutes} minutes`, {
              status: 401,
              hint: "try again, or use --device when the browser is on another machine",
            }),
          );
        }, patience);
        let taken = false;
        server.on("request", (request, response) => {
          const came = URL.parse(request.url ?? "", `http://${host}`);
          // Any page that is open in any browser here can send requests: only the one with our state is the answer.
          const isOurs =
            request.method === "GET" &&
            request.headers.host === host &&
            came?.pathname === "/callback" &&
            came.searchParams.getAll("state").join() === state;
          if (came === null || !isOurs || taken) {
            page(
              response,
              404,
              "Nothing is here",
              "This address takes one answer of a sign-in that mayfly began.",
            );
            return;
          }
          taken = true;
          clearTimeout(late);
          const show = async (): Promise<void> => {
            try {
              const value = await finish(came);
              page(
                response,
                200,
                "You are signed in",
                "You can close this page and go back to your terminal.",
              );
              resolve(value);
            } catch (error) {
              page(response, 400, "The sign-in did not succeed", "Your terminal says why.");
              reject(error instanceof Error ? error : new Error("the sign-in failed"));
            }
          };
          void show();
        });
      });
    },
    close() {
      server.close();
      server.closeIdleConnections();
    },
  };
}
