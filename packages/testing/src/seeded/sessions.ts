import { createActRecords } from "../../../gateway/src/gate/act-records.ts";
import { recordPrincipal } from "../../../gateway/src/audit/record-principal.ts";
import type { Grant } from "../../../gateway/src/grants/types.ts";
import { canonicalJson } from "../../../gateway/src/kernel/canonical.ts";
import { newId } from "../../../gateway/src/kernel/ids.ts";
import { createRecorder } from "../../../gateway/src/protocols/kubernetes/streams/recording.ts";
import { actOf, type SeededAct } from "./acts.ts";
import type { Episode } from "./plan.ts";
import type { Scene } from "./scene.ts";

const software: Readonly<Record<string, string>> = {
  postgres: "node-postgres",
  http: "curl/8.14",
  kubernetes: "kubectl/v1.34.0",
  mcp: "agent-sdk/2.1",
};

/** One session of a grant: opened, its acts, closed. */
export async function session(scene: Scene, episode: Episode, grant: Grant): Promise<void> {
  const { clock, random, configuration } = scene;
  const { log } = scene.records.audit;
  const { kind } = episode.connection;
  const context = {
    principal: recordPrincipal(grant.requester),
    request: grant.request,
    grant: grant.id,
    session: newId("ses"),
    connection: grant.connection,
    operations: grant.operations,
    policy: grant.policies.join(", "),
    configuration,
  };
  const started = clock.wall();
  const opened = log.append({
    ...context,
    type: "session.opened",
    detail: {
      address: `10.4.${random.between(1, 9)}.${random.between(2, 250)}`,
      by: "grant-secret",
      ends: new Date(grant.endsAt).toISOString(),
      protocol: kind,
      software: software[kind] ?? kind,
      tls: true,
    },
  });
  log.flush();
  const write = createActRecords(log, opened, context);
  const count = Math.max(1, episode.acts);
  // The acts spread over what the grant has of time, and none is later than the present.
  const until = Math.min(
    grant.endsAt,
    scene.end,
    episode.end === "expire" || episode.end === "live" ? Infinity : started + episode.endedAfter,
  );
  const step = Math.max(1000, Math.floor((until - started - 5000) / (count + 1)));
  let denied = 0;
  for (let number = 0; number < count; number += 1) {
    const act = actOf(episode.connection, random.pick(episode.operations), random);
    if (act.denied !== undefined) denied += 1;
    scene.plan(started + 500 + step * number, async () => perform(scene, write, episode, act));
  }
  scene.plan(Math.min(started + 1500 + step * count, until - 1), async () => {
    log.append({
      ...context,
      type: "session.closed",
      detail: {
        acts: count - denied,
        cause: "client_gone",
        denied,
        milliseconds: clock.wall() - started,
        reason: "the client went away",
      },
    });
  });
}

/** One act: its intent, time that passes, its outcome; or its denial. */
async function perform(
  { clock, records, random }: Scene,
  write: ReturnType<typeof createActRecords>,
  episode: Episode,
  act: SeededAct,
): Promise<void> {
  const { log } = records.audit;
  const detail = canonicalJson(act.act);
  if (act.denied !== undefined) {
    const [operation] = episode.operations;
    const rule = `${episode.connection.name}/${operation?.name ?? ""}: ${act.denied.rule}`;
    const denial = { rule, message: act.denied.message, remedy: "ask" as const, hint: "" };
    write.denial(denial, detail, 0, undefined);
    return;
  }
  const named = episode.operations.map(({ name }) => `${episode.connection.name}/${name}`);
  const intent = write.intent(detail, random.pick(named), undefined);
  const more =
    act.terminal === undefined ? undefined : recorded(act.terminal, act, { clock, records, random });
  if (more === undefined) clock.advance(act.milliseconds);
  log.flush();
  write.outcome(intent, {
    ...act.outcome,
    milliseconds: act.milliseconds,
    ...(more === undefined ? {} : { more: { recording: more } }),
  });
}

/** What a terminal showed, kept as the gateway keeps it; the time of it passes. */
function recorded(
  lines: readonly string[],
  act: SeededAct,
  { clock, records, random }: Pick<Scene, "clock" | "records" | "random">,
) {
  const recorder = createRecorder({
    payload: (bytes) => records.audit.log.payload(bytes),
    goesOn: () => true,
    now: () => clock.monotonic(),
    startedAt: clock.wall(),
    argv: act.act["argv"] as readonly string[],
  });
  recorder.size(100, 28);
  for (const line of lines) {
    clock.advance(random.between(40, 400));
    recorder.output(Buffer.from(`${line}\r\n`), "stdout");
  }
  clock.advance(200);
  return recorder.end();
}
