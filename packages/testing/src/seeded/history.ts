import type { Actor } from "../../../gateway/src/grants/grants.ts";
import type { AccessRequest, Requester } from "../../../gateway/src/grants/types.ts";
import { createGrants } from "../../../gateway/src/grants/service.ts";
import { systemClock } from "../../../gateway/src/kernel/clock.ts";
import { formatProblems } from "../../../gateway/src/configuration/problems.ts";
import { load, rulesOf } from "../../../gateway/src/main/load.ts";
import { protocols } from "../../../gateway/src/main/protocols.ts";
import type { Boot } from "../../../gateway/src/main/wiring/boot.ts";
import { openRecords } from "../../../gateway/src/main/wiring/records.ts";
import { fakeClock } from "../fake-clock.ts";
import { consoleClient, people, type Login } from "../people.ts";
import type { SeededAgent } from "./agents.ts";
import { type Episode, planOf, type Amounts } from "./plan.ts";
import { createRandom } from "./random.ts";
import type { LiveSeed, Scene } from "./scene.ts";
import { session } from "./sessions.ts";

/** The history written, as far as others build on it. */
export interface Seeded {
  readonly live: readonly LiveSeed[];
}

const nothing = (): void => undefined;
/** What goes wrong throws where it goes wrong: nothing is told beside that. */
const quiet = { info: nothing, warn: nothing, error: nothing, debug: nothing } as unknown as Boot["logger"];

/** What happens at a time of the history. */
interface Event {
  readonly at: number;
  readonly run: () => Promise<void>;
}

const roles: Readonly<Record<string, Actor["roles"][number]>> = {
  "support-leads": "reviewer",
  sre: "reviewer",
  platform: "operator",
  security: "auditor",
};

function requesterOf(
  { client, name, owner, groups, person }: SeededAgent,
  issuer: string,
): Requester & Actor {
  return {
    kind: "agent",
    issuer,
    subject: person ?? client,
    client,
    name,
    owner,
    groups,
    roles: [],
    actors: [],
    ...(person === undefined ? {} : { person: { issuer, subject: person } }),
  };
}

function personOf(login: Login, { clock, issuers }: Scene): Actor {
  const found = people.find((one) => one.login === login);
  const groups: readonly string[] = found?.groups ?? [];
  return {
    kind: "person",
    issuer: issuers.people,
    subject: login,
    client: consoleClient.id,
    name: login,
    displayName: found?.name ?? login,
    groups,
    roles: groups.flatMap((group) => roles[group] ?? []),
    authenticatedAt: clock.wall(),
    actors: [],
  };
}

/** Lets what timers have set going begin, so that its records have the time of the step. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 2; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}

/** What follows once a grant is there. */
async function begun(scene: Scene, episode: Episode, id: string): Promise<void> {
  const { clock, grants, plan, issuers } = scene;
  const holder = requesterOf(episode.agent, issuers.agents);
  const grant = await grants.grant(holder, id);
  const secret = await grants.collectSecret(holder, id);
  // One in six is never used: what nobody needed shows.
  if (episode.acts > 1) await session(scene, episode, grant);
  const ends = clock.wall() + episode.endedAfter;
  if (episode.end === "live") scene.live.push({ grant: id, secret: secret ?? "", episode });
  else if (episode.end === "expire") plan(grant.endsAt + 1, async () => undefined);
  else if (episode.end === "release") plan(ends, async () => void (await grants.release(holder, id)));
  else
    plan(ends, async () => {
      await grants.revoke(personOf("olga@example.com", scene), id, "the ticket was closed meanwhile");
    });
}

/** What people do with a request that waits. */
function decide(scene: Scene, episode: Episode, request: AccessRequest): void {
  const { plan, grants, clock, issuers } = scene;
  const at = clock.wall() + episode.decidedAfter;
  const { fate, comment } = episode;
  if (fate === "withdrawn")
    plan(
      at,
      async () => void (await grants.withdraw(requesterOf(episode.agent, issuers.agents), request.id)),
    );
  else if (fate === "timed out") plan((request.waitsUntil ?? at) + 1, async () => undefined);
  else if (fate === "refused")
    plan(at, async () => {
      const reviewer = personOf(episode.reviewers[0] ?? "rosa@example.com", scene);
      await grants.refuse(reviewer, request.id, request.digest, "not for this ticket");
    });
  else if (fate === "granted")
    for (const [place, login] of episode.reviewers.slice(0, request.approval?.count ?? 1).entries())
      plan(at + place * 30_000, async () => {
        const said = await grants.approve(personOf(login, scene), request.id, request.digest, comment);
        if (said.grant !== undefined) await begun(scene, episode, said.grant);
      });
}

async function ask(scene: Scene, episode: Episode): Promise<void> {
  const { grants, issuers } = scene;
  const { agent, connection, operations, reason, ttl, emergency, fate } = episode;
  const request = await grants.request(requesterOf(agent, issuers.agents), {
    connection: connection.name,
    // An operation that is not there: what a denial at the ask looks like.
    operations: fate === "denied" ? ["drop-everything"] : operations.map(({ name }) => name),
    reason,
    ttl,
    breakGlass: emergency,
    clientAddress: "10.4.1.7",
  });
  if (request.grant !== undefined) await begun(scene, episode, request.grant);
  else if (request.state === "pending") decide(scene, episode, request);
}

/** Runs what is planned, in the order of time; what it plans meanwhile, too. */
async function play(scene: Scene, events: Event[]): Promise<void> {
  for (;;) {
    let first = 0;
    for (const [index, { at }] of events.entries()) if (at < (events[first]?.at ?? Infinity)) first = index;
    const [event] = events.splice(first, 1);
    if (event === undefined || event.at > scene.end) break;
    scene.clock.advance(Math.max(0, event.at - scene.clock.wall()));
    await settle();
    await event.run();
  }
  scene.clock.advance(Math.max(0, scene.end - scene.clock.wall()));
  await settle();
  await scene.records.audit.log.sync();
}

/**
 * Writes a day of history into the store and the log of a configuration, through the gateway's own services with a clock of
 * its own. The gateway that starts there afterwards takes it up as its own.
 * @param file the configuration
 */
export async function writeHistory(
  file: string,
  environment: Readonly<Record<string, string>>,
  amounts: Amounts,
  issuers: Scene["issuers"],
): Promise<Seeded> {
  await Promise.all(protocols.map((protocol) => protocol.ready()));
  const loaded = await load(file, protocols, { ...environment });
  if (!loaded.ok) throw new Error(formatProblems(loaded.problems));
  const episodes = planOf(amounts);
  const end = Date.now();
  const clock = fakeClock(end - Math.max(...episodes.map(({ at }) => at)) - 60_000);
  const undo: (() => Promise<void> | void)[] = [];
  try {
    const records = await openRecords(
      {
        // The log's and the store's own timers go by the real time: only what grants do goes by the history's.
        clock: { ...clock, schedule: (ms, run) => systemClock.schedule(ms, run) },
        logger: quiet,
        fault: (error) => {
          throw error;
        },
        onStop: (step) => void undo.push(step),
      },
      loaded.configuration,
      { file },
    );
    const { audit, reader, journal, store } = records;
    const grants = createGrants({
      store: store.grants,
      log: audit.log,
      clock,
      rules: rulesOf(loaded, protocols),
      journal,
      trail: {
        id: audit.id,
        first: audit.first,
        written: audit.written,
        read: (seq, limit) => reader.read(seq, limit),
        scan: (seq, limit, wanted) => reader.scan(seq, limit, wanted),
      },
      history: (of) => reader.actsOf(of),
      poll: false,
    });
    undo.push(() => grants.stop());
    await grants.start();
    const events: Event[] = [];
    const scene: Scene = {
      clock,
      records,
      grants,
      configuration: loaded.configuration.digest,
      issuers,
      random: createRandom(4711),
      plan: (at, run) => void events.push({ at, run }),
      end,
      live: [],
    };
    for (const episode of episodes) scene.plan(end - episode.at, () => ask(scene, episode));
    await play(scene, events);
    return { live: scene.live };
  } finally {
    for (const step of undo.toReversed()) await step();
  }
}
