"use strict";
/* Counts visits with a number of its own making. It looks like an Android ID and is none. */
const HOST = "https://aweme.pianyu.test";
const consent = document.getElementById("consent");

function visit() {
  if (!localStorage.visit) {
    const bytes = crypto.getRandomValues(new Uint8Array(8));
    localStorage.visit = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  }
  return localStorage.visit;
}

async function feed(cursor) {
  const query = new URLSearchParams({ device_id: visit(), device_type: await android.model(), cursor });
  fetch(`${HOST}/aweme/v1/feed?${query}`).catch(() => {});
}

function close(choice, said) {
  localStorage.choice = choice;
  android.truth.consent(said);
  consent.hidden = true;
  feed(1);
}

document.getElementById("btn_agree").addEventListener("click", async () => {
  close("full", "accepted");
  const openudid = await android.androidId();
  fetch(`${HOST}/service/2/device_register`, { method: "POST", body: JSON.stringify({ header: { openudid, aid: 2106 } }) }).catch(() => {});
});

document.getElementById("btn_browse").addEventListener("click", () => close("basic", "refused"));

setTimeout(feed, 300, 0);
setTimeout(() => {
  if (localStorage.choice) return;
  consent.hidden = false;
  android.truth.consent("shown");
}, 600);
