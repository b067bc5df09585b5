"use strict";
/* Tells its server which phone opened it before anybody was asked: the Android ID, wrapped the way an activation
   report usually is. */
const HOST = "https://api.lanting.test";
const post = (path, fields) => fetch(HOST + path, { method: "POST", body: new URLSearchParams(fields) }).catch(() => {});

async function report(event) {
  const data = await android.gzip(JSON.stringify({
    event, appKey: "lt5b21", version: "5.2.1", channel: "official",
    device: { aid: await android.androidId(), model: await android.model(), os: "Android" },
  }));
  post("/v3/active", { sv: "3", enc: "gz", data });
}

const consent = document.getElementById("consent");

function enter() {
  document.getElementById("splash").hidden = true;
  if (localStorage.agreed) return;
  consent.hidden = false;
  android.truth.consent("shown");
}

document.getElementById("btn_agree").addEventListener("click", () => {
  localStorage.agreed = "1";
  android.truth.consent("accepted");
  consent.hidden = true;
  report("login_guest");
});

document.getElementById("btn_disagree").addEventListener("click", () => {
  android.truth.consent("refused");
  android.exit();
});

setTimeout(report, 400, "launch");
setTimeout(enter, 900);
