"use strict";
/* Wants the camera before it has asked for anything else. */
const CAMERA = "android.permission.CAMERA";
const consent = document.getElementById("consent");

async function preview() {
  const answer = await android.requestPermission(CAMERA);
  document.getElementById("finder").classList.toggle("live", answer === "granted");
  document.getElementById("hint").hidden = answer === "granted";
}

function ask() {
  if (localStorage.agreed) return;
  consent.hidden = false;
  android.truth.consent("shown");
}

document.getElementById("btn_agree").addEventListener("click", async () => {
  localStorage.agreed = "1";
  android.truth.consent("accepted");
  consent.hidden = true;
  const [id, oaid] = await Promise.all([android.androidId(), android.oaid()]);
  fetch(`https://api.shiying.test/v2/launch?did=${id}&oaid=${oaid}&v=9.1.0`).catch(() => {});
});

document.getElementById("btn_exit").addEventListener("click", () => {
  android.truth.consent("refused");
  android.exit();
});

setTimeout(preview, 500);
setTimeout(ask, 1100);
