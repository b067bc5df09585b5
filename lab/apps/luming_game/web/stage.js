"use strict";
/* A very small game engine: scenes drawn on one canvas, with rectangles that can be tapped. */
const Stage = (() => {
  const WIDTH = 360, HEIGHT = 800;
  const canvas = document.getElementById("unity");
  const scale = window.devicePixelRatio || 1;
  canvas.width = WIDTH * scale;
  canvas.height = HEIGHT * scale;
  const pen = canvas.getContext("2d");
  pen.scale(scale, scale);
  const SERIF = '"Noto Serif CJK SC"', SANS = '"Noto Sans CJK SC"';
  const actions = {};
  let spots = [];
  let scene = "loading";
  let detail = "";

  function round(x, y, width, height, radius) {
    pen.beginPath();
    pen.roundRect(x, y, width, height, radius);
  }

  function text(words, x, y, size, colour, { align = "center", weight = 400, face = SERIF } = {}) {
    pen.font = `${weight} ${size}px ${face}`;
    pen.fillStyle = colour;
    pen.textAlign = align;
    pen.textBaseline = "middle";
    pen.fillText(words, x, y);
  }

  function paragraph(words, x, y, width, size, line, colour) {
    pen.font = `400 ${size}px ${SANS}`;
    pen.textAlign = "left";
    pen.textBaseline = "middle";
    let row = "", top = y, blue = false;
    for (const letter of [...words, "\n"]) {
      const full = pen.measureText(row + letter).width > width && !"，。；！》”".includes(letter);
      if (letter === "\n" || full) { draw(row, x, top); row = ""; top += line; }
      if (letter !== "\n") row += letter;
    }
    return top;

    function draw(piece, left, height) {
      for (const part of piece.split(/(?=《)|(?<=》)/)) {
        if (part.startsWith("《")) blue = true;
        pen.fillStyle = blue ? "#9a4a10" : colour;
        pen.fillText(part, left, height);
        left += pen.measureText(part).width;
        if (part.endsWith("》")) blue = false;
      }
    }
  }

  function spot(id, x, y, width, height) { spots.push({ id, x, y, width, height }); }

  function plate(id, label, x, y, width, height, gold) {
    const fill = pen.createLinearGradient(0, y, 0, y + height);
    fill.addColorStop(0, gold ? "#f7d98a" : "#8a6a48");
    fill.addColorStop(1, gold ? "#c8892e" : "#5c4128");
    round(x, y, width, height, 10);
    pen.fillStyle = fill;
    pen.fill();
    pen.lineWidth = 2;
    pen.strokeStyle = gold ? "#fff0c0" : "#b08a5c";
    pen.stroke();
    text(label, x + width / 2, y + height / 2, 18, gold ? "#4b2a08" : "#f2dfbf", { weight: 700 });
    spot(id, x, y, width, height);
  }

  function mountains() {
    const sky = pen.createLinearGradient(0, 0, 0, HEIGHT);
    sky.addColorStop(0, "#21404f");
    sky.addColorStop(0.5, "#7fa39a");
    sky.addColorStop(1, "#d9c79a");
    pen.fillStyle = sky;
    pen.fillRect(0, 0, WIDTH, HEIGHT);
    pen.fillStyle = "#f6e9c4";
    pen.beginPath();
    pen.arc(268, 150, 40, 0, 7);
    pen.fill();
    for (const [colour, points] of [["#5f8780", [0, 420, 70, 300, 140, 400, 230, 270, 360, 430]], ["#3f6660", [0, 540, 90, 400, 190, 530, 290, 420, 360, 500]], ["#24403c", [0, 660, 120, 560, 220, 650, 360, 560]]]) {
      pen.fillStyle = colour;
      pen.beginPath();
      pen.moveTo(0, HEIGHT);
      for (let index = 0; index < points.length; index += 2) pen.lineTo(points[index], points[index + 1]);
      pen.lineTo(WIDTH, HEIGHT);
      pen.fill();
    }
    pen.fillStyle = "#ffffff33";
    for (const [x, y, width] of [[40, 470, 150], [190, 520, 140], [90, 610, 180]]) { round(x, y, width, 12, 6); pen.fill(); }
  }

  function deer(x, y, size) {
    pen.save();
    pen.translate(x, y);
    pen.scale(size, size);
    pen.fillStyle = "#f2e3c0";
    pen.strokeStyle = "#f2e3c0";
    pen.lineWidth = 4;
    pen.lineCap = "round";
    pen.beginPath();
    pen.ellipse(0, 20, 34, 16, 0, 0, 7);
    pen.fill();
    pen.beginPath();
    pen.ellipse(36, -18, 12, 9, 0.4, 0, 7);
    pen.fill();
    for (const path of ["M-24 30v36", "M-13 32v34", "M15 32v34", "M25 28v38", "M32-25C26-36 26-46 30-56M27-40l-11-7", "M39-25C46-34 49-44 47-56M46-40l11-6"]) pen.stroke(new Path2D(path));
    pen.lineWidth = 14;
    pen.stroke(new Path2D("M24 14 33-12"));
    pen.restore();
  }

  const scenes = {
    loading() { mountains(); deer(170, 420, 1.2); text("鹿鸣问道", 180, 230, 46, "#fff3d0", { weight: 700 }); text("抵制不良游戏，拒绝盗版游戏。注意自我保护，谨防受骗上当。", 180, 716, 11, "#f6ead0", { face: SANS }); text("适度游戏益脑，沉迷游戏伤身。合理安排时间，享受健康生活。", 180, 736, 11, "#f6ead0", { face: SANS }); },
    consent() {
      scenes.loading();
      pen.fillStyle = "#000a";
      pen.fillRect(0, 0, WIDTH, HEIGHT);
      round(28, 196, 304, 396, 14);
      pen.fillStyle = "#f6ecd6";
      pen.fill();
      pen.lineWidth = 4;
      pen.strokeStyle = "#8c5a1e";
      pen.stroke();
      text("用户协议与隐私保护指引", 180, 232, 20, "#5b3a1a", { weight: 700 });
      paragraph("亲爱的道友，欢迎来到鹿鸣问道！\n在您踏入仙途之前，请仔细阅读《游戏用户协议》和《游戏隐私保护指引》。为了提供账号登录、数据存档和防沉迷服务，我们需要收集您的设备信息、账号信息与游戏日志。\n如您未满十八周岁，请在监护人陪同下阅读。点击“接受”即表示您同意上述协议；如果您拒绝，将无法进入游戏。", 50, 272, 262, 14, 25, "#4b3a24");
      spot("link_terms", 50, 310, 262, 25);
      plate("btn_refuse", "拒绝", 52, 520, 118, 46, false);
      plate("btn_accept", "接受", 190, 520, 118, 46, true);
    },
    title() { scenes.loading(); plate("btn_start", "点击进入游戏", 90, 560, 180, 50, true); plate("btn_notice", "公告", 270, 60, 70, 34, false); text("服务器：青崖一区（流畅）", 180, 640, 14, "#fff3d0", { face: SANS }); },
    notice() { scenes.title(); panel("公告", ["亲爱的道友：", "11 月 26 日 06:00-09:00 停服维护，", "开放新地图“云渡秘境”。", "维护补偿：灵石 x200。"], "btn_close", "关闭"); },
    home() {
      mountains();
      deer(180, 470, 1.6);
      text("练气三层　道号：无名", 20, 50, 15, "#fff3d0", { align: "left" });
      text("灵石 1280", 340, 50, 15, "#ffe08a", { align: "right" });
      plate("btn_bag", "行囊", 20, 640, 96, 44, false);
      plate("btn_skill", "功法", 132, 640, 96, 44, false);
      plate("btn_quest", "任务", 244, 640, 96, 44, false);
      plate("btn_fight", "历练", 110, 700, 140, 50, true);
    },
    panel() { scenes.home(); const [title, ...lines] = detail; panel(title, lines, "btn_back", "返回"); },
  };

  function panel(title, lines, id, label) {
    pen.fillStyle = "#000a";
    pen.fillRect(0, 0, WIDTH, HEIGHT);
    round(30, 220, 300, 320, 14);
    pen.fillStyle = "#f6ecd6";
    pen.fill();
    text(title, 180, 254, 20, "#5b3a1a", { weight: 700 });
    lines.forEach((line, index) => text(line, 54, 300 + index * 34, 15, "#4b3a24", { align: "left", face: SANS }));
    spots = [];
    plate(id, label, 120, 472, 120, 44, true);
  }

  function go(name) {
    scene = name;
    spots = [];
    scenes[scene]();
  }

  const PANELS = {
    btn_bag: ["行囊", "回灵丹 x3", "玄铁剑（凡品）", "粗布道袍", "灵鹿饲料 x10"],
    btn_skill: ["功法", "吐纳诀　第三重", "御风步　第一重", "青木剑诀　未习得"],
    btn_quest: ["任务", "主线：寻访竹林老者", "支线：收集灵草 4/10", "日常：完成 3 次历练"],
    btn_fight: ["历练", "遭遇：竹叶青妖", "你使出吐纳诀，造成 42 点伤害。", "胜利！获得灵石 x20。"],
  };
  Object.assign(actions, {
    btn_start: () => go("home"), btn_notice: () => go("notice"), btn_close: () => go("title"), btn_back: () => go("home"),
    link_terms: () => android.openActivity(".PrivacyActivity"),
  });
  for (const id of Object.keys(PANELS)) actions[id] = () => { detail = PANELS[id]; go("panel"); };

  canvas.addEventListener("click", (event) => {
    const x = event.clientX * WIDTH / innerWidth, y = event.clientY * HEIGHT / innerHeight;
    const hit = spots.find((each) => x >= each.x && x <= each.x + each.width && y >= each.y && y <= each.y + each.height);
    if (hit && actions[hit.id]) actions[hit.id]();
  });
  window.onAndroidBack = () => {
    if (scene === "panel") go("home"); else if (scene === "home" || scene === "notice") go("title"); else return scene === "consent";
    return true;
  };
  go("loading");
  return { go, on: (id, action) => { actions[id] = action; } };
})();
