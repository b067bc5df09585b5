"use strict";
(function () {
  var body = document.body;
  function show(language) { body.className = language; document.documentElement.lang = language === "zh" ? "zh-CN" : "en"; }
  show((navigator.language || "").toLowerCase().indexOf("zh") === 0 ? "zh" : "en");
  document.getElementById("language").addEventListener("click", function () { show(body.className === "zh" ? "en" : "zh"); });
  var viewer = document.getElementById("viewer");
  document.addEventListener("click", function (event) {
    if (viewer.open) { viewer.close(); return; }
    var held = event.target.closest("button.frame, figure");
    var picture = held && held.querySelector("img");
    if (!picture) { return; }
    viewer.firstElementChild.src = picture.src;
    viewer.showModal();
  });
})();
