import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { agent, createScene } from "./scene.ts";

/**
 * Fills a store with copies of one request and its grant, of the agents from 0 on in turn: a million through the service
 * would take an hour.
 * @param copies how many there are afterwards
 * @param agents how many agents they are of
 */
export async function seed(
  folder: string,
  { copies, agents, isOver }: { readonly copies: number; readonly agents: number; readonly isOver: boolean },
): Promise<void> {
  const scene = await createScene(folder);
  const grant = await scene.activate(agent(0));
  if (isOver) await scene.grants.release({ ...agent(0), roles: [] }, grant);
  await scene.close();
  const database = new DatabaseSync(join(folder, "mayfly.db"));
  database.exec("pragma synchronous = off");
  copy(database, "mayfly_requests", copies, agents);
  copy(database, "mayfly_grants", copies, agents);
  database.close();
}

/** The id of the copied grant of that number. */
export const grantId = (number: number): string => `gr_${String(number).padStart(16, "0")}`;

function copy(database: DatabaseSync, table: string, copies: number, agents: number): void {
  const columns = database
    .prepare(`select name from pragma_table_info('${table}') where name <> 'position'`)
    .all()
    .map(({ name }) => String(name));
  const grant = "printf('gr_%016d', n.i)";
  const request = "printf('req_%016d', n.i)";
  const ofAgent = (column: string): string =>
    `replace(t.${column}, '"0oa0"', '"0oa' || (n.i % ${agents}) || '"')`;
  const changed: Readonly<Record<string, string>> = {
    id: table === "mayfly_grants" ? grant : request,
    request,
    grant_id: grant,
    // Each a millisecond after the one before.
    activated_at: "t.activated_at + n.i",
    ends_at: "t.ends_at + n.i",
    requester: ofAgent("requester"),
    body: ofAgent("body"),
  };
  const values = columns.map((name) => changed[name] ?? `t.${name}`);
  database.exec(`
    with recursive n(i) as (select 1 union all select i + 1 from n where i < ${copies - 1})
    insert into ${table} (${columns.join(", ")})
    select ${values.join(", ")} from (select * from ${table} limit 1) t, n`);
}
