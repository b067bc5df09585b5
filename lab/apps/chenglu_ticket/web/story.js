"use strict";
/* The dialog after the advertisement. */
const consent = document.getElementById("consent");

if (!localStorage.agreed) {
  consent.hidden = false;
  android.truth.consent("shown");
}

document.getElementById("btn_agree").addEventListener("click", async () => {
  localStorage.agreed = "1";
  android.truth.consent("accepted");
  consent.hidden = true;
  const uid = await android.digest("md5", await android.androidId());
  fetch("https://ticket.chenglu.test/api/client/init", { method: "POST", body: new URLSearchParams({ uid, os: "android" }) }).catch(() => {});
});

document.getElementById("btn_exit").addEventListener("click", () => {
  android.truth.consent("refused");
  android.exit();
});
