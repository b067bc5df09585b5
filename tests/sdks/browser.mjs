// The entry of a page: sends one event that holds all values, through the SDK that the page's name says.
export async function send(name, values) {
  const base = `${location.origin}/${name}`;
  const key = "0123456789abcdef0123456789abcdef";
  const senders = {
    mixpanel: async () => {
      const { default: mixpanel } = await import("mixpanel-browser");
      mixpanel.init(key, { api_host: base, persistence: "localStorage", batch_requests: false, ip: false });
      mixpanel.track("login", values);
    },
    posthog: async () => {
      const { default: posthog } = await import("posthog-js");
      const quiet = { autocapture: false, disable_session_recording: true, advanced_disable_decide: true };
      posthog.init(key, { api_host: base, request_batching: false, opt_out_useragent_filter: true, ...quiet });
      posthog.capture("login", values);
    },
    sentry: async () => {
      const sentry = await import("@sentry/browser");
      sentry.init({ dsn: `${location.protocol}//${key}@${location.host}/${name}/1`, defaultIntegrations: false });
      sentry.captureMessage("login", { extra: values });
      await sentry.flush(2000);
    },
    sensors: async () => {
      const { default: sensors } = await import("sa-sdk-javascript");
      sensors.init({ server_url: `${base}/sa?project=default`, send_type: "ajax", show_log: false, heatmap: {} });
      sensors.track("login", values);
    },
    bugsnag: async () => {
      const { default: bugsnag } = await import("@bugsnag/js");
      const endpoints = { notify: `${base}/notify`, sessions: `${base}/sessions` };
      bugsnag.start({ apiKey: key, endpoints, autoTrackSessions: false, logger: null });
      bugsnag.notify(new Error("login"), (event) => event.addMetadata("m", values));
    },
    rollbar: async () => {
      const { default: Rollbar } = await import("rollbar");
      new Rollbar({ accessToken: key, endpoint: `${base}/api/1/item/` }).info("login", values);
    },
    keen: async () => {
      const module = await import("keen-tracking");
      const Keen = module.Keen ?? module.default;
      const client = new Keen({ projectId: "p", writeKey: key, host: `${location.host}/${name}`, protocol: "http" });
      await client.recordEvent({ collection: "login", event: values });
    },
  };
  await senders[name]();
}

if (location.pathname.startsWith("/page/")) {
  const name = location.pathname.slice("/page/".length);
  const values = await (await fetch("/values.json")).json();
  await send(name, values).catch((error) => fetch(`/failed/${name}`, { method: "POST", body: String(error?.stack) }));
}
