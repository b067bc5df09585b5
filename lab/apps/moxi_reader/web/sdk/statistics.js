"use strict";
/* Plays a third party's statistics SDK that starts by itself as soon as it is loaded, the way SDKs start from a
   ContentProvider: the host app never called it. */
(() => {
  const HOST = "https://ulogs.umeng.com";

  async function register() {
    const mac = (await android.mac()).replaceAll(":", "").toUpperCase();
    const header = {
      appkey: "5f2a9c1b8d4e", sdk_type: "Android", sdk_version: "9.5.4", channel: "moxi", os: "Android",
      idmd5: await android.digest("md5", await android.imei()), mac_md5: await android.digest("md5", mac),
    };
    await fetch(`${HOST}/unify_logs`, {
      method: "POST", headers: { "Content-Type": "application/json", "X-Umeng-Sdk": "Android/9.5.4 moxi" },
      body: JSON.stringify({ header, dplus: { events: [{ id: "app_start" }] } }),
    });
  }

  setTimeout(() => register().catch(() => {}), 600);
})();
