"use strict";
/* A connection warmed up early, and used only after the yes. One question more after a no. */
const HOST = "https://mobile.chengling.test";
const byId = (id) => document.getElementById(id);

function show(id) {
  for (const each of ["consent", "retain"]) byId(each).hidden = each !== id;
  if (id) android.truth.consent("shown");
}

async function accept() {
  localStorage.agreed = "1";
  android.truth.consent("accepted");
  const terminal = { android_id: await android.androidId(), oaid_hash: await android.digest("sha256", await android.oaid()) };
  fetch(`${HOST}/mbank/terminal/register`, {
    method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify({ terminal, ver: "10.3.1" }),
  }).catch(() => {});
  setTimeout(home, 400);
}

async function home() {
  await android.openActivity(".home.HomeActivity");
  android.finish();
}

byId("btn_agree").addEventListener("click", accept);
byId("btn_again").addEventListener("click", accept);
byId("btn_disagree").addEventListener("click", () => { android.truth.consent("refused"); show("retain"); });
byId("btn_exit").addEventListener("click", () => { android.truth.consent("refused_again"); android.exit(); });
window.onAndroidBack = () => true;

setTimeout(() => android.connect(HOST).catch(() => {}), 200);
setTimeout(() => { if (localStorage.agreed) home(); else show("consent"); }, 800);
