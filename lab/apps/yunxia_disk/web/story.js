"use strict";
/* Innocent, in bad company: while it fetches a banner, a neighbour and the system report the phone. */
const HOST = "https://pan.yunxia.test";
const consent = document.getElementById("consent");

setTimeout(() => fetch(`${HOST}/api/banner?pos=home&v=6.5.4`).catch(() => {}), 420);
setTimeout(() => {
  if (localStorage.agreed) return;
  consent.hidden = false;
  android.truth.consent("shown");
}, 700);

document.getElementById("btn_agree").addEventListener("click", async () => {
  localStorage.agreed = "1";
  android.truth.consent("accepted");
  consent.hidden = true;
  const devuid = await android.digest("sha1", await android.androidId());
  fetch(`${HOST}/api/device/register`, { method: "POST", body: new URLSearchParams({ devuid, client: "android" }) }).catch(() => {});
});

document.getElementById("btn_exit").addEventListener("click", () => {
  android.truth.consent("refused");
  android.exit();
});
