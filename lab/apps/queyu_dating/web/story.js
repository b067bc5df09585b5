"use strict";
/* A log-in sheet with its agreement ticked in advance. Guests are left alone. */
const sheet = document.getElementById("login");
const box = document.getElementById("cb_protocol");

function ask() {
  if (localStorage.choice) return;
  sheet.hidden = false;
  android.truth.consent("shown");
}

document.getElementById("btn_login").addEventListener("click", async () => {
  if (!box.checked) { android.toast("请先阅读并勾选协议"); return; }
  localStorage.choice = "member";
  android.truth.consent("accepted");
  sheet.hidden = true;
  const body = { event: "login", aid: await android.androidId(), oaid: await android.oaid() };
  fetch("https://im.queyu.test/v1/session", { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) }).catch(() => {});
});

document.getElementById("tv_later").addEventListener("click", () => {
  localStorage.choice = "guest";
  android.truth.consent("refused");
  sheet.hidden = true;
});

setTimeout(ask, 800);
