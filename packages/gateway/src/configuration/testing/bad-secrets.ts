import { secretRule, wholeUrl } from "./bad.ts";
import type { Bad } from "./bad.ts";

export const secrets: Readonly<Record<string, readonly Bad[]>> = {
  secrets: [
    ["{ env: ORDERS_PASSWORD }", "§hunter2", secretRule],
    ["{ env: ORDERS_PASSWORD }", "§12345678", secretRule],
    ["{ env: ORDERS_PASSWORD }", "§{ hunter2 }", secretRule],
    ["{ env: ORDERS_PASSWORD }", "§{ env: ORDERS_PASSWORD, value: hunter2 }", secretRule],
    ["{ env: ORDERS_PASSWORD }", "§[hunter2]", secretRule],
    ["{ env: ORDERS_PASSWORD }", "{ env: §hunter2! }", "this is not the name of an environment variable"],
    ["{ env: GATEWAY_SECRET }", "§hunter2", secretRule],
    ["{ env: OKTA_SECRET }", '§"hunter2"', secretRule],
    [
      "{ env: ORDERS_PASSWORD }",
      "{ env: §ABSENT }",
      "the environment variable ABSENT is not set",
      "set ABSENT in the environment of mayflyd",
    ],
    [
      "{ env: GATEWAY_SECRET }",
      "{ env: §EMPTY }",
      "the environment variable EMPTY is empty",
      "set EMPTY in the environment of mayflyd",
    ],
    [
      "{ env: ORDERS_PASSWORD }",
      "{ env: §constructor }",
      "the environment variable constructor is not set",
      "set constructor in the environment of mayflyd",
    ],
    [
      "{ env: ORDERS_PASSWORD }",
      "{ file: §hunter2 }",
      "the file does not exist",
      "relative paths start at the folder of the configuration file",
    ],
    [
      "{ env: ORDERS_PASSWORD }",
      "{ file: §a-folder }",
      "this is a folder, not a file",
      "relative paths start at the folder of the configuration file",
    ],
    [
      "{ env: ORDERS_PASSWORD }",
      "{ file: §/dev/zero }",
      "this is not a regular file: /dev/zero",
      "relative paths start at the folder of the configuration file",
    ],
    ["{ env: ORDERS_PASSWORD }", "{ file: §empty.txt }", "the file is empty"],
    [
      "sqlite:data/mayfly.db",
      "§postgres://mayfly:hunter2@db/mayfly",
      "a password stands in this URL, and a secret is named, never written",
      wholeUrl,
    ],
    [
      "sqlite:data/mayfly.db",
      "§postgres://mayfly:hunt#er/2@db/mayfly",
      "a password stands in this URL, and a secret is named, never written",
      wholeUrl,
    ],
    [
      "sqlite:data/mayfly.db",
      "§postgres://mayfly@db/mayfly?password=hunter2",
      "a password stands in this URL, and a secret is named, never written",
      wholeUrl,
    ],
    ["sqlite:data/mayfly.db", "{ postgres: §postgres://mayfly:hunter2@db/mayfly }", secretRule],
    [
      "sqlite:data/mayfly.db",
      "{ postgres: §{ env: NOT_A_URL } }",
      "this secret is not a URL of the form postgres://USER:PASSWORD@HOST/DATABASE",
    ],
    [
      "limits:",
      "tls: { certificate: not-pem.txt, key: §'-----BEGIN PRIVATE KEY----- hunter2' }\nlimits:",
      "this must be the path of a file, not its contents",
      "put the contents into a file and write its path",
    ],
    [
      "limits:",
      "tls: { certificate: §not-pem.txt, key: not-pem.txt }\nlimits:",
      "the file holds no certificate in PEM",
    ],
    [
      "limits:",
      "tls: { certificate: cert.pem, key: §absent.pem }\nlimits:",
      "the file does not exist",
      "relative paths start at the folder of the configuration file",
    ],
  ],
};
