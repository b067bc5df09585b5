"use strict";
/* Waits for the tap, and is very quick afterwards. */
const consent = document.getElementById("consent");

async function login() {
  const [deviceId, oaid] = await Promise.all([android.androidId(), android.oaid()]);
  fetch("https://api.lishan.test/v7/login/guest", {
    method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify({ deviceId, oaid, city: "澄州" }),
  }).catch(() => {});
}

function ask() {
  if (localStorage.agreed) return;
  consent.hidden = false;
  android.truth.consent("shown");
}

document.getElementById("btn_agree").addEventListener("click", () => {
  setTimeout(login, 30);
  localStorage.agreed = "1";
  android.truth.consent("accepted");
  consent.hidden = true;
});

document.getElementById("btn_disagree").addEventListener("click", () => {
  android.truth.consent("refused");
  android.exit();
});

setTimeout(ask, 500);
