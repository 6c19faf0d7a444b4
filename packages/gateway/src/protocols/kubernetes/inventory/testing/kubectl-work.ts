import type { KubernetesObject } from "@mayfly/kubernetes-stand-in";
import type { Random } from "@mayfly/testing/seeded/random.ts";
import type { Command } from "./kubectl-runner.ts";

/** What three agents do on a day with kubectl, as people who run a shop would have them do it. */
export interface Day {
  /** `2026-11-02` */
  readonly date: string;
  /** The day before. */
  readonly before: string;
  /** Pods of the Deployment whose containers run. */
  readonly running: readonly string[];
  /** Its pods that are only there to be looked at. */
  readonly listed: readonly string[];
  /** The one that is deleted. */
  readonly leaving: string;
  /** Pods of a Deployment in the namespace `scratch`. */
  readonly tried: readonly string[];
}

/** What Kubernetes makes suffixes of names of: no vowels, so that no words come out. */
const letters = "bcdfghjklmnpqrstvwxz2456789".split("");
const suffix = (random: Random, length: number): string =>
  Array.from({ length }, () => random.pick(letters)).join("");

/** Names of pods, as a Deployment gives them to the pods of one template. */
export function podNames(random: Random, deployment: string, count: number): readonly string[] {
  const template = suffix(random, random.between(9, 10));
  return Array.from({ length: count }, () => `${deployment}-${template}-${suffix(random, 5)}`);
}

/** Dates that follow one another. */
export function dates(first: string, count: number): readonly string[] {
  return Array.from({ length: count }, (_, at) =>
    new Date(Date.parse(first) + at * 86_400_000).toISOString().slice(0, 10),
  );
}

/** The dates whose logs the pods have. */
export const logDates = dates("2026-10-20", 14);

/** A Deployment, as it is kept beside the program. */
export function deployment(name: string, image: string, replicas = 3): KubernetesObject {
  return {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name, labels: { app: name } },
    spec: {
      replicas,
      selector: { matchLabels: { app: name } },
      template: {
        metadata: { labels: { app: name } },
        spec: { containers: [{ name: "app", image, ports: [{ containerPort: 8080 }] }] },
      },
    },
  };
}

/** The job of one date. */
export const jobOf = (date: string): KubernetesObject => ({
  apiVersion: "batch/v1",
  kind: "Job",
  metadata: { name: `nightly-report-${date.replaceAll("-", "")}`, labels: { app: "nightly-report" } },
  spec: {
    backoffLimit: 1,
    template: { spec: { restartPolicy: "Never", containers: [{ name: "report", image: "shop/report:4" }] } },
  },
});

const configMap = (date: string): KubernetesObject => ({
  apiVersion: "v1",
  kind: "ConfigMap",
  metadata: { name: "app-config" },
  data: { "release.date": date, "log.level": "info" },
});

const service = (date: string): KubernetesObject => ({
  apiVersion: "v1",
  kind: "Service",
  metadata: { name: "web", labels: { app: "web", since: date } },
  spec: { selector: { app: "web" }, ports: [{ port: 80, targetPort: 8080 }] },
});

const words = (text: string): readonly string[] => text.split(" ");

function supportBot(random: Random, { running, listed }: Day): readonly Command[] {
  const pod = (): string => random.pick(running);
  const does = (text: string, more: Partial<Command> = {}): Command => ({
    agent: "support-bot",
    args: words(text),
    ...more,
  });
  const inside = (name: string, command: string): Command =>
    does(`exec ${name} -n shop -c app -- ${command}`, { spdy: random.next() < 0.25 });
  return [
    does("get pods -n shop"),
    does("get pods -n staging"),
    does("get pods -n shop -l app=web -o wide"),
    does(`get pod ${random.pick(listed)} -n shop -o yaml`),
    does(`describe pod ${random.pick(listed)} -n shop`),
    does(`describe pod db-${random.between(0, 1)} -n shop`),
    does(`logs ${pod()} -n shop --tail=${random.between(1, 20) * 10}`),
    does(`logs ${pod()} -n shop --since=${random.between(1, 12)}h`),
    does(`logs ${pod()} -n shop -c app --previous`),
    does(`logs db-0 -n shop --tail=${random.between(1, 20) * 10} --timestamps`),
    does(`get events -n shop`),
    does("get configmap app-config -n shop -o yaml"),
    does("get deployment web -n shop -o yaml"),
    does("describe deployment web -n shop"),
    does("get pods -n shop -w", { until: /"stage":"ResponseStarted".*pods\?[^"]*watch=true/ }),
    ...Array.from({ length: 4 }, () => inside(pod(), `cat /var/log/app-${random.pick(logDates)}.log`)),
    ...["db-0", "db-1"].flatMap((name) => [
      inside(name, `cat /var/log/app-${random.pick(logDates)}.log`),
      inside(name, `cat /var/log/app-${random.pick(logDates)}.log`),
      inside(name, "df -h"),
    ]),
    inside(pod(), "ls -l /var/log"),
    inside(pod(), "tail -n 100 /var/log/app.log"),
    // What nobody should be given because it was once done.
    does("get secret stripe -n shop"),
    does(`exec ${pod()} -n shop -c app -- sh -c id`),
    does(`exec -i ${pod()} -n shop -c app -- cat`, { input: "typed\n" }),
    does(`port-forward pod/${pod()} -n shop :8080`, { until: "Forwarding from" }),
    does("auth can-i delete pods -n shop"),
    does(`get pod ${podNames(random, "web", 1).join("")} -n shop`, { code: 1 }),
  ];
}

function deployBot(random: Random, { date, leaving }: Day): readonly Command[] {
  const image = `shop/web:${date.replaceAll("-", ".")}`;
  const does = (text: string, manifest?: KubernetesObject, until?: string): Command => ({
    agent: "deploy-bot",
    args: words(text),
    ...(manifest === undefined ? {} : { manifest }),
    ...(until === undefined ? {} : { until }),
  });
  return [
    does("apply -n shop", deployment("web", image)),
    does("apply -n staging", deployment("web", image, 1)),
    does("apply -n shop", service(date)),
    does("apply -n shop --server-side", configMap(date)),
    does("apply -n staging --server-side", configMap(date)),
    does(`scale deployment web -n shop --replicas=${random.between(2, 9)}`),
    does(`scale deployment web -n staging --replicas=${random.between(2, 9)}`),
    does(`set image deployment/web app=${image}-${random.between(1, 9)} -n shop`),
    does("rollout restart deployment/web -n shop"),
    does("rollout restart deployment/web -n staging"),
    does("rollout status deployment/web -n shop", undefined, "Waiting for deployment"),
    does(`annotate deployment web -n shop --overwrite shop.example/released=${date}`),
    does(`label service web -n shop --overwrite since=${date}-${random.between(1, 9)}`),
    does(`delete pod ${leaving} -n shop`),
    does(`delete --raw /api/v1/namespaces/scratch/pods?labelSelector=sweep%3D${date}`),
  ];
}

function nightlyReport({ date, before }: Day): readonly Command[] {
  const does = (text: string, manifest?: KubernetesObject): Command => ({
    agent: "nightly-report",
    args: words(text),
    ...(manifest === undefined ? {} : { manifest }),
  });
  return [
    does("get pods -A"),
    does("get deployments -A -o json"),
    does("get events -A"),
    does("get nodes"),
    does("get namespaces"),
    does("get jobs -n reports"),
    does("create -n reports", jobOf(date)),
    does(`delete job nightly-report-${before.replaceAll("-", "")} -n reports`),
    does(`delete pods --all -n scratch`),
  ];
}

/** A day's commands, in no order. */
export function workOf(random: Random, day: Day): readonly Command[] {
  const all = [...supportBot(random, day), ...deployBot(random, day), ...nightlyReport(day)];
  return all
    .map((command) => ({ command, at: random.next() }))
    .toSorted((one, other) => one.at - other.at)
    .map(({ command }) => command);
}
