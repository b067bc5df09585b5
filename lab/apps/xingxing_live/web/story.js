"use strict";
/* A fair dialog that only eyes can read. */
const consent = document.getElementById("consent");

setTimeout(() => {
  if (localStorage.agreed) return;
  consent.hidden = false;
  android.truth.consent("shown");
}, 700);

document.getElementById("btn_agree").addEventListener("click", async () => {
  localStorage.agreed = "1";
  android.truth.consent("accepted");
  consent.hidden = true;
  const body = JSON.stringify({ did: await android.androidId(), client: "flutter" });
  fetch("https://live.xingxing.test/gw/passport/visitor", { method: "POST", headers: { "Content-Type": "application/json" }, body }).catch(() => {});
});

document.getElementById("btn_disagree").addEventListener("click", () => {
  android.truth.consent("refused");
  android.exit();
});
