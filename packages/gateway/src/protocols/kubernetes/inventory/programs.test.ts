import { expect, test } from "vitest";
import { isFamiliar } from "./familiar.ts";
import { programOf } from "./programs.ts";

const split = (line: string): readonly string[] => line.split(" ");

const shell = "a shell runs whatever it is told";
const interpreter = "an interpreter runs whatever it is told";
const runs = "it runs other programs";
const reaches = "it reaches whatever address it is told";
const database = "a client of a database: grant a connection of its own to it";
const credentials = "it may show credentials";
const deletes = "it deletes or writes what it finds";

test.each([
  ["sh -c ls", shell],
  ["/BIN/Bash", shell],
  ["busybox", shell],
  ["busybox sh -c ls", shell],
  [String.raw`C:\Windows\cmd.exe /c dir`, shell],
  ["timeout 60 nice -n 5 /bin/sh -c ls", shell],
  ["env A=b C=d dash", shell],
  ["env -i -u HOME -- zsh", shell],
  ["timeout -s KILL 5 env nohup busybox ash", shell],
  ["python3.11 -m http.server", interpreter],
  ["perl5.36 -e 1", interpreter],
  ["ruby2.7 x", interpreter],
  ["gawk 1", interpreter],
  ["java -cp app.jar Main", interpreter],
  ["lua5.4", interpreter],
  ["xargs rm", runs],
  ["timeout --unknown 5 ls", runs],
  ["env -S sh", runs],
  ["env LD_PRELOAD=/tmp/x.so ls", runs],
  ["env PATH=/tmp ls", runs],
  ["find / -name x -exec rm {} ;", runs],
  ["find /tmp -execdir rm", runs],
  ["find /tmp -delete", deletes],
  ["find /tmp -fprint /etc/x", deletes],
  ["tar xIf sh x", runs],
  ["sed s/x/id/e /tmp/a", runs],
  ["sed -n w/tmp/b /tmp/a", runs],
  ["sed -f /tmp/a /tmp/b", runs],
  ["sed s/a/b/;w/tmp/x /tmp/a", runs],
  ["vim.basic x", runs],
  ["less x", runs],
  ["git -c core.pager=sh log", runs],
  ["git clone ext::sh", runs],
  ["git log --output=/tmp/x", runs],
  ["git push", runs],
  ["rsync -e sh a b", runs],
  ["sort --compress-program=sh x", runs],
  ["curl http://example.com/", reaches],
  ["curl http://localhost.example.com/", reaches],
  ["curl http://localhost@example.com/", reaches],
  ["curl http://localhost:80@example.com/", reaches],
  ["curl -o /tmp/x http://localhost/", reaches],
  ["curl -O http://localhost/", reaches],
  ["curl -sO http://localhost/", reaches],
  ["curl -T x http://localhost/", reaches],
  ["curl -d @x http://localhost/", reaches],
  ["curl -d@x http://localhost/", reaches],
  ["curl --config x http://localhost/", reaches],
  ["curl -x proxy http://localhost/", reaches],
  ["curl --connect-to ::x: http://localhost/", reaches],
  ["curl -w @x http://localhost/", reaches],
  ["curl -w %output{x} http://localhost/", reaches],
  ["curl http://localhost/{a,b}", reaches],
  ["curl file:///tmp/x", reaches],
  ["curl -L http://localhost/", reaches],
  ["wget http://localhost/", reaches],
  ["wget -O x http://localhost/", reaches],
  ["wget -qO- http://example.com/", reaches],
  ["psql -c select", database],
  ["env", credentials],
  ["env -0", credentials],
  ["env A=b", credentials],
  ["nohup env", credentials],
  ["/usr/bin/printenv HOME", credentials],
  ["tar c /run", credentials],
  ["timeout 5 tar c /proc", credentials],
  ["nice -n 5 env A=b grep -r a /var/run/", credentials],
  ["busybox grep -r a /", credentials],
  ["env diff -r /run /tmp", credentials],
  ["git diff --no-index / /tmp", credentials],
  ["cat /proc/1/environ", credentials],
  ["cat /proc/self/mem", credentials],
  ["ls /run/secrets", credentials],
  ["cat /var/run//secrets/x", credentials],
  ["ls /root/.ssh", credentials],
  ["cat /home/app/.kube/config", credentials],
  ["cat /app/.env", credentials],
  ["cat /app/.env.production", credentials],
  ["grep x /etc/shadow", credentials],
  ["dd if=/etc/shadow", credentials],
  ["cat /etc/tls/server.key", credentials],
  ["cat /etc/tls/SERVER.PEM", credentials],
  ["cat id_rsa", credentials],
  ["mytool -f.env", credentials],
  ["cat /srv/app/api-token", credentials],
  ["get-password", credentials],
  ["ps auxe", credentials],
  ["ps eww", credentials],
  ["jq env", credentials],
  ["jq $ENV.HOME x", credentials],
])("%s is set apart: %s", (line, reason) => expect(programOf(split(line)).reason).toBe(reason));

test.each([
  "ls -l",
  "timeout 60 ls",
  "timeout -k 5 --signal=TERM 60 ls",
  "nice -n 5 ls",
  "nice -5 ls",
  "env ls",
  "env A=b ls",
  "nohup ls",
  "time -p ls",
  "busybox cat /var/log/app.log",
  "find /var/log -name app.log -mtime +5",
  "sed -n 1,10p /var/log/app.log",
  "sed -n /ERROR/p /var/log/app.log",
  "sed s/a/b/g /tmp/x",
  "git log --since=2026-12-02",
  "git status",
  "curl http://localhost:8080/orders/20417",
  "curl -s -o /dev/null -w %{http_code} http://127.0.0.1:8080/health",
  "curl -fsS -m 5 -X POST -d a=b localhost:9090/x",
  "curl -g http://[::1]:80/",
  "wget -qO- http://localhost/",
  "wget -q --spider http://localhost/",
  "ps -ef",
  "ps aux",
  "ps -o pid,etime",
  "jq .items /tmp/a.json",
  "cat /etc/hosts",
])("%s is granted as it stands", (line) => {
  expect(programOf(split(line)).reason).toBeUndefined();
  expect(isFamiliar(split(line))).toBe(true);
});

// Nothing more is said of these, and nothing more is needed: they are on no list of programs that look at things.
test.each([
  "/usr/bin/python3-dbg x.py",
  "/lib64/ld-linux-x86-64.so.2 /tmp/x",
  "tar cf /tmp/x.tar --to-com=sh x",
  "tar -xIsh -f x",
  "make",
  "sudo ls",
  "nsenter -t 1 -m ls",
  "kubectl get pods",
  "docker ps",
  "ssh host",
  "nc.openbsd host 80",
  "rsync a host:b",
  "apt-get install x",
  "pip3 install x",
  "npm install",
  "timeout 5 redis-cli keys",
  "tar tzf /data/backup.tgz",
  "rsync -a /data/a /data/b",
  "pip list",
  "dpkg -l",
  "./migrate",
  // What is familiar, or runs what is, goes by its whole name.
  "/app/find.sh",
  "git.exe status",
  "find2 /tmp",
  "time.sh ls",
  "env-1 ls",
])("%s is for a person to grant", (line) => expect(isFamiliar(split(line))).toBe(false));

test.each([
  ["/usr/bin/ls -l", "ls", 0],
  ["timeout 60 nice -n 5 /bin/cat x", "cat", 5],
  ["env A=b C=d cat x", "cat", 3],
  ["busybox CAT x", "cat", 1],
])("the program of %s is %s", (line, name, at) => expect(programOf(split(line))).toMatchObject({ name, at }));

test("what is no command has no program", () => {
  for (const argv of [[], [""], ["/"], ["timeout"], ["timeout", "5"]])
    expect(programOf(argv).reason).toBeUndefined();
});

test("wrappers many deep are read in linear time", () => {
  const argv = [...Array.from({ length: 2000 }, () => "nohup"), "sh"];
  expect(programOf(argv)).toMatchObject({ name: "sh", at: 2000, reason: shell });
});
