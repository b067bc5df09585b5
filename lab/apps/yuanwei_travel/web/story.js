"use strict";
/* Busy before consent, and discreet: settings, switches and pictures, never the phone. */
const consent = document.getElementById("consent");
const get = (url) => fetch(url).catch(() => {});

setTimeout(() => {
  get("https://config.yuanwei.test/switch/android/8.1.2.json");
  get("https://api.yuanwei.test/home/banner?platform=android&density=xhdpi");
  get("https://h5.yuanwei.test/offline/manifest.json?t=1732000000");
}, 200);
setTimeout(() => {
  for (const [host, name] of [["img1", "banner_winter_01"], ["img1", "banner_island_02"], ["img2", "icon_sprite_v31"]]) {
    new Image().src = `https://${host}.yuanwei-cdn.test/upload/2024/11/${name}.webp?x-oss-process=image/resize,w_720`;
  }
}, 500);
setTimeout(() => {
  if (localStorage.agreed) return;
  consent.hidden = false;
  android.truth.consent("shown");
}, 900);

document.getElementById("btn_agree").addEventListener("click", async () => {
  localStorage.agreed = "1";
  android.truth.consent("accepted");
  consent.hidden = true;
  const deviceInfo = await android.gzip(JSON.stringify({ aid: await android.androidId(), oaid: await android.oaid() }));
  fetch("https://api.yuanwei.test/user/device", { method: "POST", body: JSON.stringify({ deviceInfo }) }).catch(() => {});
});

document.getElementById("btn_later").addEventListener("click", () => {
  android.truth.consent("refused");
  android.exit();
});
