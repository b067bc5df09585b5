"use strict";
/* Writes a lot about privacy policies, and has one, shown as it should be. */
const HOST = "https://api.nanchuang.test";
const consent = document.getElementById("consent");

setTimeout(() => fetch(`${HOST}/feed?channel=recommend&page=1`).catch(() => {}), 300);
setTimeout(() => {
  if (localStorage.agreed) return;
  consent.hidden = false;
  android.truth.consent("shown");
}, 900);

document.getElementById("btn_agree").addEventListener("click", async () => {
  localStorage.agreed = "1";
  android.truth.consent("accepted");
  consent.hidden = true;
  const oaid = await android.oaid();
  fetch(`${HOST}/user/anonymous`, { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify({ oaid }) }).catch(() => {});
});

document.getElementById("btn_disagree").addEventListener("click", () => {
  android.truth.consent("refused");
  android.exit();
});
