"use strict";
/* No prompt at all; the first thing that happens is a forecast request that names the phone. */
async function refresh() {
  const body = JSON.stringify({
    cmd: "forecast", cityId: "CZ0101", ver: "3.8.0",
    client: { androidId: await android.androidId(), oaid: await android.oaid(), brand: "", net: "wifi" },
  });
  fetch("https://api.yunzhou.test/weather/v2/forecast", {
    method: "POST", headers: { "Content-Type": "application/json;charset=utf-8" }, body,
  }).catch(() => {});
}

setTimeout(refresh, 500);
