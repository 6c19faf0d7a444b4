import { expect, test } from "vitest";
import { isInside } from "./inside.ts";

test.each([
  "localhost",
  "a.localhost",
  "db",
  "db.",
  "a.internal",
  "a.LOCAL",
  "host.docker.internal",
  "metadata.google.internal",
  "metadata.goog",
  "a.svc",
  "a.svc.cluster.local",
  "1.0.0.127.in-addr.arpa",
  "127-0-0-1.sslip.io",
  "localtest.me",
  "0.0.0.0",
  "10.255.255.255",
  "100.64.0.1",
  "127.0.0.1",
  "169.254.169.254",
  "172.16.0.0",
  "172.31.255.255",
  "192.168.0.1",
  "198.19.0.1",
  "224.0.0.1",
  "255.255.255.255",
  "[::]",
  "[::1]",
  "[::ffff:7f00:1]",
  "[fc00::1]",
  "[fd00:ec2::254]",
  "[fe80::1]",
  "[ff02::1]",
  "[64:ff9b::a00:1]",
  "[2001::1]",
  "[2002:7f00:1::]",
])("%s is inside", (host) => {
  expect(isInside(host)).toBe(true);
});

test.each([
  "docs.example.com",
  "local.example.com",
  "internal.example",
  "9.255.255.255",
  "11.0.0.0",
  "100.63.255.255",
  "100.128.0.0",
  "172.15.255.255",
  "172.32.0.0",
  "192.167.0.1",
  "223.255.255.255",
  "[2606:4700::1111]",
  "[2001:4860:4860::8888]",
  "notnip.io",
])("%s is not", (host) => {
  expect(isInside(host)).toBe(false);
});
