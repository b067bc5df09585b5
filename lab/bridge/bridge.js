// `window.android` for the pages of one bundle. Every call is a message to the lab; the answer settles a promise.
(() => {
  "use strict";
  const send = globalThis.labBridge;
  delete globalThis.labBridge;
  if (location.origin !== LAB_ORIGIN || window.android) return;
  const waiting = new Map();
  const { stringify } = JSON;
  const now = () => performance.timeOrigin + performance.now();
  let last = 0;

  const call = (name) => (...values) => new Promise((resolve, reject) => {
    last += 1;
    waiting.set(last, { resolve, reject });
    send(stringify({ id: last, name, values, at: now() }));
  });

  Object.defineProperty(window, Symbol.for("lab.bridge"), {
    value: (id, good, value) => {
      const promise = waiting.get(id);
      waiting.delete(id);
      if (!promise) return;
      if (good) promise.resolve(value);
      else promise.reject(Object.assign(new Error(value.message), { name: value.name }));
    },
  });

  const android = { truth: Object.freeze({ consent: call("consent") }) };
  for (const name of LAB_CALLS) android[name] = call(name);
  // The headless browser does not act on <link rel=preconnect>.
  const connected = new Set();
  const preconnect = (link) => {
    if (!link.relList.contains("preconnect") || !/^https?:/.test(link.href)) return;
    const { origin } = new URL(link.href);
    if (connected.has(origin)) return;
    connected.add(origin);
    android.connect(origin).catch(() => {});
  };
  new MutationObserver((changes) => {
    for (const { addedNodes } of changes) {
      for (const node of addedNodes) if (node instanceof HTMLLinkElement) preconnect(node);
    }
  }).observe(document, { childList: true, subtree: true });

  Object.defineProperty(window, "android", { value: Object.freeze(android), enumerable: true });
})();
