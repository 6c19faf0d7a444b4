import type { ReachOperation } from "@mayfly/sdk/browser";
import { Fragment, type ReactNode } from "react";
import { Badge, RiskBadge } from "../../components/badge.tsx";
import { Table } from "../../components/table.tsx";
import { Time } from "../../components/time.tsx";
import { Untrusted } from "../../components/untrusted.tsx";
import { useNow } from "../../components/use-now.ts";
import { visibleText } from "../../components/visible.ts";
import { CellMark } from "./cell.tsx";
import { limitText } from "./scale.ts";
import { cellOf, isUnreachable, isUnused, type Matrix } from "./matrix.ts";

/** Opens an operation: `connection/operation`. */
export type Open = (name: string) => void;

const nameOf = ({ connection, operation }: ReachOperation): string => `${connection}/${operation}`;

/** Groups by operations. */
export function MatrixTable({ matrix, open }: { matrix: Matrix; open: Open }): ReactNode {
  const { groups, connections } = matrix;
  return (
    <Table label="Which groups can ask for which operations" frame="reach-frame">
      <thead>
        <tr>
          <th scope="col" className="reach-sticky reach-corner">
            Operation
          </th>
          {groups.map((group) => (
            <th key={group} scope="col" className="reach-group">
              <Untrusted text={group} />
            </th>
          ))}
          <th scope="col">Last used</th>
        </tr>
      </thead>
      {connections.map(({ connection, operations }) => (
        <tbody key={connection}>
          <tr className="reach-connection">
            <th scope="rowgroup" colSpan={groups.length + 2}>
              <span className="reach-connection-name">
                <Untrusted text={connection} />
              </span>
            </th>
          </tr>
          {operations.map((operation) => (
            <tr key={nameOf(operation)}>
              <th scope="row" className="reach-sticky reach-operation">
                <OperationButton operation={operation} open={open} />
              </th>
              {groups.map((group) => (
                <Field key={group} operation={operation} group={group} open={open} />
              ))}
              <td className="muted">
                <LastUse operation={operation} />
              </td>
            </tr>
          ))}
        </tbody>
      ))}
    </Table>
  );
}

function Field({
  operation,
  group,
  open,
}: {
  operation: ReachOperation;
  group: string;
  open: Open;
}): ReactNode {
  const cell = cellOf(operation, group);
  if (cell.kind === "none") {
    return (
      <td className="reach-none">
        <span aria-hidden="true">·</span>
        <span className="visually-hidden">no</span>
      </td>
    );
  }
  return (
    <td>
      <button
        type="button"
        className="reach-cell"
        title={limitText(cell) || undefined}
        onClick={() => open(nameOf(operation))}
      >
        <CellMark cell={cell} />
        <span className="visually-hidden">
          {`: ${visibleText(group)}, ${visibleText(nameOf(operation))}. Open`}
        </span>
      </button>
    </td>
  );
}

function OperationButton({ operation, open }: { operation: ReachOperation; open: Open }): ReactNode {
  return (
    <span className="stack-s">
      <span className="row">
        <button
          type="button"
          className="reach-name"
          title={visibleText(operation.description)}
          onClick={() => open(nameOf(operation))}
        >
          <Untrusted text={operation.operation} />
        </button>
        {operation.risk !== "low" && <RiskBadge risk={operation.risk} />}
        {isUnreachable(operation) && <Badge>no group can reach it</Badge>}
      </span>
      <span className="muted reach-description">
        <Untrusted text={operation.description} />
      </span>
    </span>
  );
}

function LastUse({ operation }: { operation: ReachOperation }): ReactNode {
  const now = useNow();
  if (operation.last_used_at === undefined) return "not within a year";
  return (
    <span className="reach-last">
      <Time at={operation.last_used_at} />
      {isUnused(operation, now) && <Badge tone="info">unused for 30 days</Badge>}
    </span>
  );
}

/** The same as a list, for a phone: each operation with the groups that get to it. */
export function MatrixList({ matrix, open }: { matrix: Matrix; open: Open }): ReactNode {
  return (
    <ul>
      {matrix.connections.map(({ connection, operations }) => (
        <Fragment key={connection}>
          {operations.map((operation) => (
            <li key={nameOf(operation)} className="reach-item">
              <span className="muted">
                <Untrusted text={connection} />
              </span>
              <OperationButton operation={operation} open={open} />
              <ul className="reach-groups">
                {matrix.groups
                  .map((group) => [group, cellOf(operation, group)] as const)
                  .filter(([, cell]) => cell.kind !== "none")
                  .map(([group, cell]) => (
                    <li key={group} className="spread">
                      <Untrusted text={group} />
                      <CellMark cell={cell} long />
                    </li>
                  ))}
              </ul>
              <span className="muted">
                Last used: <LastUse operation={operation} />
              </span>
            </li>
          ))}
        </Fragment>
      ))}
    </ul>
  );
}
