"use strict";
/* The app is clean: before consent it asks its own server for settings and says nothing about the phone. The SDK that it
   ships is not. */
const HOST = "https://book.moxi.test";
const consent = document.getElementById("consent");

setTimeout(() => fetch(`${HOST}/v1/config?platform=android&v=7.0.3`).catch(() => {}), 300);

if (!localStorage.agreed) {
  consent.hidden = false;
  android.truth.consent("shown");
}

document.getElementById("btn_ok").addEventListener("click", async () => {
  localStorage.agreed = "1";
  android.truth.consent("accepted");
  consent.hidden = true;
  const device = await android.androidId();
  fetch(`${HOST}/v1/shelf`, { method: "POST", body: JSON.stringify({ device, shelf: [3, 8, 21] }) }).catch(() => {});
});

document.getElementById("btn_cancel").addEventListener("click", () => {
  android.truth.consent("refused");
  android.exit();
});
