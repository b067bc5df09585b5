"use strict";
/* Asks, asks again, and asks once more before it lets go. */
const byId = (id) => document.getElementById(id);
const steps = ["consent", "retain_first", "retain_last"];

function show(id) {
  for (const each of steps) byId(each).hidden = each !== id;
  if (id) android.truth.consent("shown");
}

async function accept() {
  localStorage.agreed = "1";
  android.truth.consent("accepted");
  show("");
  const deviceNo = await android.androidId();
  fetch("https://api.hezhou.test/user/visit", {
    method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify({ deviceNo, from: "guide" }),
  }).catch(() => {});
  await android.openActivity(".HomeActivity");
  android.finish();
}

byId("btn_agree").addEventListener("click", accept);
byId("btn_first_agree").addEventListener("click", accept);
byId("btn_last_agree").addEventListener("click", accept);

byId("btn_disagree").addEventListener("click", () => {
  android.truth.consent("refused");
  show("retain_first");
});
byId("btn_first_refuse").addEventListener("click", () => {
  android.truth.consent("refused_again");
  show("retain_last");
});
byId("btn_exit").addEventListener("click", () => {
  android.truth.consent("refused_again");
  android.exit();
});

window.onAndroidBack = () => !localStorage.agreed;

setTimeout(() => {
  if (!localStorage.agreed) { show("consent"); return; }
  android.openActivity(".HomeActivity");
  android.finish();
}, 700);
