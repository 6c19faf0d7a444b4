// The image's health check: whether the gateway answers on this machine. Its certificate is for another name than this
// one, and is not checked: nothing is sent, and nothing but the status is read.
import { request } from "node:https";

const url = process.env.MAYFLY_HEALTH_URL ?? "https://127.0.0.1:8443/healthz";
const asked = request(url, { rejectUnauthorized: false, timeout: 4000 }, ({ statusCode }) =>
  process.exit(statusCode === 200 ? 0 : 1),
);
asked.once("timeout", () => asked.destroy());
asked.once("error", () => process.exit(1));
asked.end();
