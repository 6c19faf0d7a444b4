import type { ReactNode } from "react";
import { Badge } from "../../components/badge.tsx";
import { Untrusted } from "../../components/untrusted.tsx";
import { type FieldsFact, scopeFacts, type TableFact } from "./scope-words.ts";

function Fields({ fact, kind }: { fact: FieldsFact; kind: "body" | "tool" }): ReactNode {
  return (
    <div className="scope-part">
      <p className="scope-title">
        {kind === "body" ? (
          "Body"
        ) : (
          <>
            Tool{" "}
            <code>
              <Untrusted text={fact.of} />
            </code>
          </>
        )}
        {fact.whole.length > 0 && (
          <span className="muted">
            {" "}
            <Untrusted text={fact.whole.join(" · ")} />
          </span>
        )}
      </p>
      {fact.fields.length > 0 && (
        <table className="scope-table">
          <caption className="visually-hidden">
            {kind === "body" ? "What the body may hold" : "Its arguments"}
          </caption>
          <thead>
            <tr>
              <th scope="col">Field</th>
              <th scope="col">Must be</th>
            </tr>
          </thead>
          <tbody>
            {fact.fields.map((field) => (
              <tr key={field.name}>
                <th scope="row">
                  <code>
                    <Untrusted text={field.name} />
                  </code>
                </th>
                <td>
                  <Untrusted text={field.rule} /> {field.required && <Badge>required</Badge>}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </div>
  );
}

function Tables({ tables }: { tables: readonly TableFact[] }): ReactNode {
  return (
    <table className="scope-table">
      <caption className="visually-hidden">Tables and columns</caption>
      <thead>
        <tr>
          <th scope="col">Table</th>
          <th scope="col">May use</th>
        </tr>
      </thead>
      <tbody>
        {tables.map((table) => (
          <tr key={table.name}>
            <th scope="row">
              <code>
                <Untrusted text={table.name} />
              </code>
              {table.pattern && <span className="muted"> (every match)</span>}
            </th>
            <td>
              {table.uses.map((use) => (
                <div key={use}>
                  <Untrusted text={use} />
                </div>
              ))}
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function Codes({ title, lines }: { title: string; lines: readonly string[] }): ReactNode {
  if (lines.length === 0) return undefined;
  return (
    <div className="scope-part">
      <p className="scope-title">{title}</p>
      <ul className="scope-codes">
        {lines.map((line) => (
          <li key={line}>
            <code>
              <Untrusted text={line} />
            </code>
          </li>
        ))}
      </ul>
    </div>
  );
}

/** A scope as a person checks it: statements and tables, requests and the fields of a body, tools, commands. */
export function Scope({ lines }: { lines: readonly string[] }): ReactNode {
  const facts = scopeFacts(lines);
  return (
    <div className="scope">
      {facts.statements.length > 0 && (
        <p>
          <span className="muted">Statements:</span>{" "}
          <strong>
            <Untrusted text={facts.statements.join(", ")} />
          </strong>
        </p>
      )}
      {facts.tables.length > 0 && <Tables tables={facts.tables} />}
      <Codes title="Requests" lines={facts.requests} />
      {facts.bodies.map((body) => (
        <Fields key={body.of} fact={body} kind="body" />
      ))}
      {facts.tools.map((tool) => (
        <Fields key={tool.of} fact={tool} kind="tool" />
      ))}
      <Codes title="Commands" lines={facts.commands} />
      {facts.others.length > 0 && (
        <ul className="request-scope">
          {facts.others.map((line) => (
            <li key={line}>
              <Untrusted text={line} />
            </li>
          ))}
        </ul>
      )}
    </div>
  );
}
