// node --require ./tunnel.cjs node.mjs NAME VALUES.json: sends one event that holds all values, through one SDK.
import fs from "node:fs";
import { createRequire } from "node:module";

const require = createRequire(import.meta.url);
const [name, file] = process.argv.slice(2);
const values = file ? JSON.parse(fs.readFileSync(file, "utf8")) : {};
const host = `${name}.example.test`;
const base = `https://${host}`;
const key = "0123456789abcdef0123456789abcdef";
const pause = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));

const senders = {
  mixpanel: async () => {
    const client = require("mixpanel").init(key, { host, protocol: "https" });
    await new Promise((done) => client.track("login", { distinct_id: "u1", ...values }, done));
  },
  posthog: async () => {
    const { PostHog } = require("posthog-node");
    const client = new PostHog(key, { host: base, flushAt: 1 });
    client.capture({ distinctId: "u1", event: "login", properties: values });
    await client.shutdown(5000);
  },
  segment: async () => {
    const { Analytics } = require("@segment/analytics-node");
    const client = new Analytics({ writeKey: key, host: base, maxEventsInBatch: 1 });
    client.track({ userId: "u1", event: "login", properties: values });
    await client.closeAndFlush({ timeout: 5000 });
  },
  sentry: async () => {
    const sentry = require("@sentry/node");
    sentry.init({ dsn: `https://${key}@${host}/1`, defaultIntegrations: false });
    sentry.captureMessage("login", { extra: values });
    await sentry.flush(5000);
  },
  sensors: async () => {
    const SensorsAnalytics = require("sa-sdk-node");
    const client = new SensorsAnalytics();
    client.submitTo(`${base}/sa?project=default`, { gzip: true, mode: "track", timeout: 5000 });
    client.track("u1", "login", values);
    await pause(1500);
  },
  matomo: async () => {
    const Tracker = require("matomo-tracker");
    const client = new Tracker(1, `${base}/matomo.php`);
    client.on("error", () => {});
    client.track({ url: "https://app.example.test/", action_name: "login", cvar: JSON.stringify({ 1: values }) });
    await pause(1500);
  },
  snowplow: async () => {
    const { newTracker, buildSelfDescribingEvent } = require("@snowplow/node-tracker");
    const client = newTracker({ namespace: "t", appId: "app", encodeBase64: true }, { endpoint: base, bufferSize: 1 });
    client.track(buildSelfDescribingEvent({ event: { schema: "iglu:test/login/jsonschema/1-0-0", data: values } }));
    await client.flush?.();
    await pause(1500);
  },
  "universal-analytics": async () => {
    const client = require("universal-analytics")("UA-1-1", "u1", { strictCidFormat: false });
    const dimensions = Object.fromEntries(Object.values(values).map((value, at) => [`cd${at + 1}`, value]));
    await new Promise((done) => client.event({ ec: "app", ea: "login", ...dimensions }).send(done));
  },
  rollbar: async () => {
    const Rollbar = require("rollbar");
    const client = new Rollbar({ accessToken: key, endpoint: `${base}/api/1/item/` });
    await new Promise((done) => client.info("login", values, done));
  },
  customerio: async () => {
    const { TrackClient } = require("customerio-node");
    await new TrackClient("site", key, { url: base, timeout: 5000 }).track("u1", { name: "login", data: values });
  },
  keen: async () => {
    const Keen = require("keen-tracking");
    const client = new Keen({ projectId: "p", writeKey: key, host, protocol: "https" });
    await client.recordEvent("login", values).catch(() => {});
  },
  woopra: async () => {
    const Woopra = require("woopra");
    const client = new Woopra("app.example.test", { ssl: true });
    client.identify("u1").track("login", values, () => {});
    await pause(1500);
  },
  countly: async () => {
    const countly = require("countly-sdk-nodejs");
    countly.init({ app_key: key, device_id: "u1", url: base, storage_path: fs.mkdtempSync("countly-"), interval: 200 });
    countly.add_event({ key: "login", count: 1, segmentation: values });
    await pause(2500);
  },
  rudder: async () => {
    const RudderAnalytics = require("@rudderstack/rudder-sdk-node");
    const client = new (RudderAnalytics.default ?? RudderAnalytics)(key, { dataPlaneUrl: base, flushAt: 1 });
    client.track({ userId: "u1", event: "login", properties: values });
    await client.flush().catch(() => {});
  },
  bugsnag: async () => {
    const bugsnag = require("@bugsnag/js");
    bugsnag.start({ apiKey: key, endpoints: { notify: base, sessions: base }, autoTrackSessions: false, logger: null });
    await new Promise((done) => bugsnag.notify(new Error("login"), (event) => event.addMetadata("m", values), done));
  },
  thinkingdata: async () => {
    const ThinkingData = require("thinkingdata-node");
    const client = ThinkingData.initWithBatchMode(key, base, { batchSize: 1 });
    client.track({ accountId: "u1", event: "login", time: new Date(), properties: values });
    client.flush();
    await pause(1500);
  },
};

if (name === "--names") {
  console.log(JSON.stringify(Object.keys(senders)));
} else {
  process.on("uncaughtException", (error) => console.error(error));
  await senders[name]();
  setTimeout(() => process.exit(0), 500);
}
