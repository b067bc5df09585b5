"use strict";
/* The gate server hears of the phone while the dialog is still open. */
const GATE = "https://gate.luming.test";

async function beacon(event) {
  const role = await android.digest("md5", await android.androidId());
  fetch(`${GATE}/track/${event}?gid=1944&channel=2001&udid=${role}&fmt=json`).catch(() => {});
}

function accept() {
  localStorage.agreed = "1";
  android.truth.consent("accepted");
  Stage.go("title");
  beacon("agree");
}

function refuse() {
  android.truth.consent("refused");
  android.exit();
}

Stage.on("btn_accept", accept);
Stage.on("btn_refuse", refuse);

setTimeout(() => {
  if (localStorage.agreed) { Stage.go("title"); return; }
  Stage.go("consent");
  android.truth.consent("shown");
}, 500);
setTimeout(beacon, 700, "activate");
