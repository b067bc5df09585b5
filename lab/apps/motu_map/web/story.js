"use strict";
/* Lets people refuse and use a basic mode, and reports them all the same. */
const consent = document.getElementById("consent");
const choice = () => localStorage.choice || "";
const hex = (text) => [...new TextEncoder().encode(text)].map((byte) => byte.toString(16).padStart(2, "0")).join("");

async function heartbeat(mode) {
  const ticket = { mode, did: await android.androidId(), oaid: await android.oaid(), build: 112002 };
  fetch("https://log.motu.test/heartbeat", {
    method: "POST", headers: { "Content-Type": "application/x-www-form-urlencoded" }, body: `k=3&p=${hex(JSON.stringify(ticket))}`,
  }).catch(() => {});
}

function start() {
  fetch("https://tile.motu.test/style/v8.json?lang=zh").catch(() => {});
  document.getElementById("basic").hidden = choice() !== "basic";
  if (choice()) return;
  consent.hidden = false;
  android.truth.consent("shown");
}

document.getElementById("btn_agree").addEventListener("click", () => {
  localStorage.choice = "full";
  android.truth.consent("accepted");
  consent.hidden = true;
  heartbeat("full");
});

document.getElementById("btn_disagree").addEventListener("click", () => {
  localStorage.choice = "basic";
  android.truth.consent("refused");
  consent.hidden = true;
  document.getElementById("basic").hidden = false;
  setTimeout(heartbeat, 2500, "basic");
  setTimeout(heartbeat, 9000, "basic");
});

setTimeout(start, 600);
