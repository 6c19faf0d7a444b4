import { randomUUID } from "node:crypto";
import { readFile } from "node:fs/promises";
import path from "node:path";
import { Agent, fetch } from "undici";
import type { HookOutcomes } from "../../api/signals/event-hook.ts";
import { formatProblems } from "../../configuration/problems.ts";
import type { SignalsConfiguration } from "../../configuration/signals.ts";
import type { Configuration } from "../../configuration/types.ts";
import { MayflyError, messageOf } from "../../kernel/errors.ts";
import { load } from "../load.ts";
import { protocols } from "../protocols.ts";
import { ConfigurationRefused } from "../reload.ts";
import { say } from "../terminal.ts";

/** What `mayflyd signals test` is asked. */
export interface SignalsTest {
  readonly config: string;
  readonly dryRun: boolean;
  /** Of whom it speaks, by Okta's id: a client or a user. */
  readonly client?: string;
  readonly user?: string;
  /** Of a user: the group that they leave; alone: the group that is deleted. By id or by name, as tokens have it. */
  readonly group?: string;
  /** Where the gateway is reached, where that is not its own URL. */
  readonly url?: string;
}

/** How long the gateway may take to answer, milliseconds. */
const ANSWER_MS = 10_000;
/** Nobody holds anything under this id: what a test without a subject speaks of. */
const NOBODY = "0oaMAYFLYTESTNOBODY";

/** One channel, tried. */
interface Tried {
  readonly channel: string;
  readonly isGood: boolean;
  readonly lines: readonly string[];
}

type Send = (
  method: "GET" | "POST",
  where: string,
  more?: { readonly headers?: Record<string, string>; readonly body?: string },
) => Promise<{ readonly status: number; readonly body: unknown }>;

/** The gateway's front door, whose certificate is checked as every client does. */
async function frontDoor({ url, tls, dataFolder }: Configuration, other: string | undefined): Promise<Send> {
  const ca = tls === undefined ? await readFile(path.join(dataFolder, "tls", "ca.pem"), "utf8") : undefined;
  const dispatcher = new Agent({
    connect: { rejectUnauthorized: true, ...(ca === undefined ? {} : { ca }) },
  });
  const base = (other ?? url).replace(/\/+$/, "");
  return async (method, where, { headers = {}, body } = {}) => {
    const answer = await fetch(`${base}${where}`, {
      method,
      headers,
      ...(body === undefined ? {} : { body }),
      redirect: "error",
      dispatcher,
      signal: AbortSignal.timeout(ANSWER_MS),
    });
    const text = await answer.text();
    const isJson = answer.headers.get("content-type")?.includes("json") === true;
    return { status: answer.status, body: isJson && text !== "" ? (JSON.parse(text) as unknown) : text };
  };
}

/** An event as Okta's hooks bring it: the deactivation of an app, of an agent or of a user, or the end of a membership. */
function eventOf({ client, user, group }: SignalsTest): Record<string, unknown> {
  const groups =
    group === undefined ? [] : [{ id: group, type: "UserGroup", alternateId: "unknown", displayName: group }];
  const [eventType, type, id] =
    group !== undefined
      ? user === undefined
        ? ["group.lifecycle.delete"]
        : ["group.user_membership.remove", "User", user]
      : user !== undefined
        ? ["user.lifecycle.suspend", "User", user]
        : client?.startsWith("wlp") === true
          ? ["workload_principal.deactivate", "WorkloadPrincipal", client]
          : ["application.lifecycle.deactivate", "AppInstance", client ?? NOBODY];
  return {
    uuid: `mayflyd-signals-test-${randomUUID()}`,
    published: new Date().toISOString(),
    eventType,
    outcome: { result: "SUCCESS" },
    target: [
      ...(id === undefined
        ? []
        : [{ id, type, alternateId: "unknown", displayName: "mayflyd signals test" }]),
      ...groups,
    ],
  };
}

const problemIn = (body: unknown): string =>
  typeof body === "object" && body !== null && "detail" in body ? String(body.detail) : "";

function refused(status: number, body: unknown): string {
  return `refused with ${status}: ${problemIn(body)}`;
}

async function tryEventHooks(
  send: Send,
  test: SignalsTest,
  { secret }: NonNullable<SignalsConfiguration["eventHooks"]>,
): Promise<Tried> {
  const where = "/v1/signals/event-hook";
  const channel = "event hooks";
  const challenge = randomUUID();
  const verified = await send("GET", where, { headers: { "x-okta-verification-challenge": challenge } });
  const echoed = (verified.body as { verification?: unknown } | null)?.verification === challenge;
  const lines = [
    `GET  ${where}  ${echoed ? "repeats the challenge" : refused(verified.status, verified.body)}`,
  ];
  const event = eventOf(test);
  const called = await send("POST", `${where}?test=${test.dryRun ? "dry_run" : "end"}`, {
    headers: { "content-type": "application/json", authorization: secret.reveal() },
    body: JSON.stringify({ eventType: "com.okta.event_hook", data: { events: [event] } }),
  });
  const from = test.group !== undefined && test.user !== undefined ? ` from ${test.group}` : "";
  const said = `${String(event["eventType"])} of ${test.user ?? test.group ?? test.client ?? "nobody"}${from}`;
  if (called.status !== 200)
    return {
      channel,
      isGood: false,
      lines: [...lines, `POST ${where}  ${said}: ${refused(called.status, called.body)}`],
    };
  const [outcome] = (called.body as HookOutcomes).outcomes;
  const all = [
    ...(outcome?.grants ?? []).map((id) => `grant ${id}`),
    ...(outcome?.requests ?? []).map((id) => `request ${id}`),
    ...(outcome?.sessions ?? []).map((id) => `browser session ${id}`),
  ];
  const verb = test.dryRun ? "would end" : "ended";
  lines.push(`POST ${where}  ${said}: ${verb} ${all.length === 0 ? "nothing" : all.join(", ")}`);
  const forged = await send("POST", where, {
    headers: { "content-type": "application/json", authorization: `not ${randomUUID()}` },
    body: JSON.stringify({ data: { events: [event] } }),
  });
  const isRefused = forged.status === 401 || forged.status === 429;
  lines.push(`POST ${where}  with a wrong secret: ${isRefused ? "refused" : `TAKEN (${forged.status})`}`);
  return { channel, isGood: echoed && isRefused, lines };
}

/** A message that Okta did not sign: that it comes through and is refused is all that can be tried from here. */
async function tryUnsigned(
  send: Send,
  channel: string,
  where: string,
  headers: Record<string, string>,
  body: string,
): Promise<Tried> {
  const answer = await send("POST", where, { headers, body });
  const isRefused = answer.status === 400 || answer.status === 401 || answer.status === 403;
  return {
    channel,
    isGood: isRefused,
    lines: [
      `POST ${where}  not signed by Okta: ${isRefused ? "refused, as it has to be" : `answered ${answer.status}`}`,
    ],
  };
}

async function tryAll(
  send: Send,
  test: SignalsTest,
  signals: SignalsConfiguration,
): Promise<readonly Tried[]> {
  const tried: Tried[] = [];
  if (signals.eventHooks !== undefined) tried.push(await tryEventHooks(send, test, signals.eventHooks));
  if (signals.globalTokenRevocation !== undefined)
    tried.push(
      await tryUnsigned(
        send,
        "global token revocation",
        "/v1/signals/global-token-revocation",
        { "content-type": "application/json", authorization: "Bearer e30.e30.e30" },
        JSON.stringify({ sub_id: { format: "email", email: "nobody@mayfly.invalid" } }),
      ),
    );
  if (signals.ssf !== undefined)
    tried.push(
      await tryUnsigned(
        send,
        "security event tokens",
        "/v1/signals/ssf",
        { "content-type": "application/secevent+jwt" },
        "e30.e30.e30",
      ),
    );
  if (signals.systemLog !== undefined)
    tried.push({
      channel: "System Log",
      isGood: true,
      lines: ["is read by the gateway: nothing comes through the front door"],
    });
  return tried;
}

/**
 * `mayflyd signals test`: sends one of each configured channel through the front door of the gateway that runs, and shows
 * what it ends, or would end.
 * @returns the exit code: 0 every channel is in order, 1 one is not
 */
export async function signalsTest(test: SignalsTest): Promise<number> {
  const loaded = await load(test.config, protocols, process.env, [["identity", "signals"]]);
  if (!loaded.ok) throw new ConfigurationRefused(formatProblems(loaded.problems));
  const { signals } = loaded.configuration.identity;
  if (signals === undefined) {
    throw new MayflyError("no_channel", `${test.config} has no identity.signals: nothing to test`, {
      hint: "add signals: { event_hooks: { secret: { env: OKTA_HOOK_SECRET } } } under identity",
    });
  }
  let tried: readonly Tried[];
  try {
    tried = await tryAll(await frontDoor(loaded.configuration, test.url), test, signals);
  } catch (error) {
    const cause = error instanceof Error && error.cause !== undefined ? error.cause : error;
    throw new MayflyError("unreachable", `the gateway does not answer: ${messageOf(cause)}`, {
      hint: "start it with mayflyd serve, or say where it is with --url",
    });
  }
  for (const { channel, isGood, lines } of tried) {
    say(`${isGood ? "ok  " : "FAIL"}  ${channel}`);
    for (const line of lines) say(`      ${line}`);
  }
  return tried.every(({ isGood }) => isGood) ? 0 : 1;
}
