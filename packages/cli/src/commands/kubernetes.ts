import { type Access, type Grant, type Mayfly, MayflyError } from "@mayfly/sdk";
import type { Command } from "commander";
import { bearerToken, command, type CommonOptions, connect } from "../context.ts";
import { completeKubeconfig, withProfile } from "../kubeconfig.ts";
import { out, outJson } from "../print.ts";

/** `mayfly kubeconfig`. */
export function kubeconfigCommand(): Command {
  return command(
    "kubeconfig <connection>",
    "Print a kubeconfig for a cluster you have a grant on; kubectl then asks mayfly credential for your token",
    "mayfly kubeconfig prod-cluster > ~/.kube/mayfly",
  ).action(async (connection: string, options: CommonOptions) => {
    const { mayfly, place, isBound } = connect(options);
    const grants = await mayfly.grants({ state: "active" });
    // A list says nothing of ways in: the grant itself does. What is for a sandbox takes no token.
    const here = grants.filter((grant) => grant.connection === connection);
    const mine = here.find((grant) => grant.sandbox === undefined);
    const access =
      mine === undefined
        ? undefined
        : isBound()
          ? await secretAccess(mayfly, mine.id)
          : (await mayfly.grant(mine.id)).access;
    if (access?.kubeconfig === undefined)
      throw new MayflyError(
        "no_grant",
        `you have no active grant on a cluster named ${connection}${whyNot(here)}`,
        {
          status: 404,
          hint: `ask for one: mayfly request ${connection}/OPERATION --reason "…"`,
        },
      );
    const kubeconfig = withProfile(completeKubeconfig(access.kubeconfig, place.caFile), options.profile);
    if (options.json === true) outJson({ kubeconfig });
    else out(kubeconfig.trimEnd());
  });
}

/** What is said of a grant that is there and takes no token. */
function whyNot([grant]: readonly Grant[]): string {
  return grant?.sandbox === true ? `: ${grant.id} is for a command in a sandbox alone` : "";
}

/** The ways in with the grant's own secret: kubectl cannot prove the key that a token is bound to (DPoP). */
async function secretAccess(mayfly: Mayfly, grant: string): Promise<Access | undefined> {
  try {
    return (await mayfly.collectSecret(grant)).access;
  } catch (error) {
    if (!(error instanceof MayflyError) || error.code !== "secret_collected") throw error;
    throw new MayflyError(
      "bound_token",
      `this login's token is bound to a key (DPoP), which kubectl cannot prove, and the secret of ${grant} was shown before`,
      {
        status: 409,
        hint: "mayfly run CONNECTION/OPERATION -- kubectl …; or mayfly request … --json, whose kubeconfig holds the secret",
      },
    );
  }
}

/** `mayfly credential`: kubectl's exec credential plugin (Kubernetes: client.authentication.k8s.io/v1). */
export function credentialCommand(): Command {
  return command(
    "credential",
    "Print your access token as kubectl asks for it; kubeconfigs call this by themselves",
    "mayfly credential",
    // It prints JSON always: kubectl reads nothing else.
    ["json"],
  ).action(async (options: CommonOptions) => {
    const { token, expiresAt } = await bearerToken(options);
    outJson({
      apiVersion: "client.authentication.k8s.io/v1",
      kind: "ExecCredential",
      status: {
        token,
        ...(expiresAt === undefined ? {} : { expirationTimestamp: new Date(expiresAt).toISOString() }),
      },
    });
  });
}
