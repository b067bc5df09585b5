"use strict";
/* The box is ticked for the user. Apart from that the app waits: it sends nothing before the button. */
const consent = document.getElementById("consent");
const tick = document.getElementById("iv_check");
const enter = document.getElementById("btn_enter");

function ask() {
  if (localStorage.agreed) return;
  consent.hidden = false;
  android.truth.consent("shown");
}

tick.addEventListener("click", () => {
  tick.classList.toggle("on");
  enter.disabled = !tick.classList.contains("on");
});

enter.addEventListener("click", async () => {
  localStorage.agreed = "1";
  android.truth.consent("accepted");
  consent.hidden = true;
  const deviceId = await android.androidId();
  fetch("https://gateway.qingye.test/device/bind", {
    method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify({ deviceId, scene: "first_open" }),
  }).catch(() => {});
});

document.getElementById("btn_exit").addEventListener("click", () => {
  android.truth.consent("refused");
  android.exit();
});

setTimeout(ask, 700);
