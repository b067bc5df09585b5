"use strict";
/* An advertisement first; it knows the size of the screen and nothing else. */
let left = 4;
const button = document.getElementById("tv_skip");

async function leave() {
  clearInterval(clock);
  await android.openActivity(".MainActivity");
  android.finish();
}

const clock = setInterval(() => {
  left -= 1;
  button.textContent = `跳过 ${left}`;
  if (left === 0) leave();
}, 1000);

button.addEventListener("click", leave);
document.getElementById("ad").addEventListener("click", () => android.toast("活动将于 12 月 1 日开始"));
setTimeout(() => fetch("https://ad.chenglu.test/splash?w=720&h=1600&slot=open").catch(() => {}), 100);
window.onAndroidBack = () => true;
