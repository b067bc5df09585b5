"use strict";
/* Leaves the tick to the user, and does not let anybody log in without it. */
const HOST = "https://health.chengxin.test";
const consent = document.getElementById("consent");
const box = document.getElementById("cb_agree");

setTimeout(() => {
  if (localStorage.agreed) return;
  consent.hidden = false;
  android.truth.consent("shown");
}, 600);

document.getElementById("btn_agree").addEventListener("click", async () => {
  localStorage.agreed = "1";
  android.truth.consent("accepted");
  consent.hidden = true;
  const token = await android.digest("sha256", await android.androidId());
  fetch(`${HOST}/api/app/open`, { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify({ token, v: "5.8.3" }) }).catch(() => {});
});

document.getElementById("btn_disagree").addEventListener("click", () => {
  android.truth.consent("refused");
  android.exit();
});

document.getElementById("btn_login").addEventListener("click", () => {
  android.toast(box.checked ? "请输入手机号" : "请先阅读并勾选协议");
});

document.getElementById("tv_visit").addEventListener("click", () => android.openActivity(".home.HomeActivity"));
window.onAndroidBack = () => !consent.hidden;
