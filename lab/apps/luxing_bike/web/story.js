"use strict";
/* In a hurry: names the phone in clear over plain HTTP, wants the location, and only then asks. */
const consent = document.getElementById("consent");

async function nearby(page) {
  fetch(`http://app.luxing.test/bike/nearby?page=${page}`, { headers: { "X-Device-Id": await android.androidId(), "X-App-Version": "6.0.9" } }).catch(() => {});
}

async function locate() {
  const answer = await android.requestPermission("android.permission.ACCESS_FINE_LOCATION");
  document.getElementById("tv_where").textContent = answer === "granted" ? "湖心区望江大道附近有 12 辆车" : "未获取到位置，正在显示默认城市";
}

function ask() {
  if (localStorage.agreed) return;
  consent.hidden = false;
  android.truth.consent("shown");
}

document.getElementById("btn_agree").addEventListener("click", () => {
  localStorage.agreed = "1";
  android.truth.consent("accepted");
  consent.hidden = true;
  nearby(2);
});

document.getElementById("btn_refuse").addEventListener("click", () => {
  android.truth.consent("refused");
  android.exit();
});

setTimeout(nearby, 400, 1);
setTimeout(locate, 800);
setTimeout(ask, 1300);
