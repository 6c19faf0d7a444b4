/** What a kubeconfig is written from. */
export interface KubeconfigParts {
  /** The gateway's own URL, without a slash at its end. */
  readonly gateway: string;
  readonly connection: string;
  /** PEM of the CA that signed the gateway's certificate; left out: one that clients know already. */
  readonly ca?: string;
  /** The bearer that stands for the grant; left out: kubectl asks `mayfly credential` for the agent's own token. */
  readonly bearer?: string;
}

/** A kubeconfig for kubectl and whatever else reads one. */
export function kubeconfigOf({ gateway, connection, ca, bearer }: KubeconfigParts): string {
  const name = `mayfly-${connection}`;
  // A JSON string is a YAML string, whatever is in it.
  const text = (value: string): string => JSON.stringify(value);
  const user =
    bearer === undefined
      ? `      exec:
        apiVersion: client.authentication.k8s.io/v1
        command: mayfly
        args: [credential, --url, ${text(gateway)}]
        interactiveMode: Never
        provideClusterInfo: false
        installHint: install the mayfly command, and log in once with mayfly login`
      : `      token: ${text(bearer)}`;
  return `apiVersion: v1
kind: Config
clusters:
  - name: ${name}
    cluster:
      server: ${text(`${gateway}/kubernetes/${connection}`)}
${ca === undefined ? "" : `      certificate-authority-data: ${Buffer.from(ca).toString("base64")}\n`}users:
  - name: ${name}
    user:
${user}
contexts:
  - name: ${name}
    context: { cluster: ${name}, user: ${name} }
current-context: ${name}
`;
}
