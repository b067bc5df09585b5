"use strict";
/* Tells, and does not ask: one button, 我知道了. The app never sends anything that names the phone. */
const consent = document.getElementById("consent");
const get = (path) => fetch(`https://edu.qihe.test${path}`).catch(() => {});

function ask() {
  if (localStorage.known) return;
  consent.hidden = false;
  android.truth.consent("shown");
}

document.getElementById("btn_know").addEventListener("click", () => {
  localStorage.known = "1";
  android.truth.consent("accepted");
  consent.hidden = true;
  get("/v1/lessons?grade=3");
});

setTimeout(get, 300, "/v1/banner");
setTimeout(ask, 600);
