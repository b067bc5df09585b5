"use strict";
/* Takes its time before it asks, and keeps quiet meanwhile. */
const HOST = "https://edith.luowan.test";
const consent = document.getElementById("consent");

setTimeout(() => fetch(`${HOST}/api/sns/v6/homefeed?num=10&refresh_type=1`).catch(() => {}), 300);
setTimeout(() => {
  if (localStorage.agreed) return;
  consent.hidden = false;
  android.truth.consent("shown");
}, 4000);

document.getElementById("btn_agree").addEventListener("click", async () => {
  localStorage.agreed = "1";
  android.truth.consent("accepted");
  consent.hidden = true;
  fetch(`${HOST}/api/sns/v1/system_service/config`, { headers: { "X-Device-Fingerprint": await android.oaid() } }).catch(() => {});
});

document.getElementById("btn_refuse").addEventListener("click", () => {
  android.truth.consent("refused");
  android.exit();
});
