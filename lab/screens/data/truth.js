// What a drawn screen holds, in device pixels: the controls and texts that are really to be seen, and their colours.
(scale) => {
  "use strict";
  const wide = innerWidth, tall = innerHeight;
  const edges = (rect) => [rect.left, rect.top, rect.right, rect.bottom].map((edge) => Math.round(edge * scale));

  function clip(rect, element) {
    let [left, top, right, bottom] = [Math.max(0, rect.left), Math.max(0, rect.top), Math.min(wide, rect.right), Math.min(tall, rect.bottom)];
    for (let up = element; up && up !== document.documentElement; up = up.parentElement) {
      if (getComputedStyle(up).overflowY === "visible" || up === document.body) continue;
      const own = up.getBoundingClientRect();
      left = Math.max(left, own.left); top = Math.max(top, own.top);
      right = Math.min(right, own.right); bottom = Math.min(bottom, own.bottom);
    }
    return right - left > 1 && bottom - top > 1 ? { left, top, right, bottom } : null;
  }

  const whole = (rect, seen) => seen && (seen.bottom - seen.top) >= 0.6 * rect.height && (seen.right - seen.left) >= 0.6 * rect.width;

  // Nothing lies over its middle.
  function uncovered(element, rect) {
    const hit = document.elementFromPoint((rect.left + rect.right) / 2, (rect.top + rect.bottom) / 2);
    return hit !== null && (element.contains(hit) || hit.contains(element));
  }

  // The colour text stands on, or null when it is no single colour.
  function ground(element) {
    for (let up = element; up; up = up.parentElement) {
      const style = getComputedStyle(up);
      if (style.backgroundImage !== "none") return null;
      const alpha = /rgba\(.*, ([\d.]+)\)/.exec(style.backgroundColor);
      if (alpha === null) return style.backgroundColor;
      if (Number(alpha[1]) > 0) return null;
    }
    return null;
  }

  function luminance(colour) {
    const [red, green, blue] = colour.match(/[\d.]+/g).slice(0, 3).map((value) => {
      const share = value / 255;
      return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  }

  function contrast(ink, paper) {
    if (paper === null || ink.startsWith("rgba")) return null;
    const [light, dark] = [luminance(ink), luminance(paper)].sort((one, other) => other - one);
    return Math.round((light + 0.05) / (dark + 0.05) * 1000) / 1000;
  }

  const controls = [], cut = [];
  for (const element of document.querySelectorAll("[data-role]")) {
    const rects = [...element.getClientRects()];
    const seen = rects.map((rect) => [rect, clip(rect, element)]).filter(([rect, part]) => whole(rect, part)).map(([, part]) => part);
    const style = getComputedStyle(element), role = element.dataset.role;
    if (!seen.length || !seen.some((rect) => uncovered(element, rect))) {
      if (role !== "link" && role !== "title") cut.push(`${role} ${element.textContent}`);
      continue;
    }
    if (role !== "link" && seen.length < rects.length) cut.push(`${role} ${element.textContent}`);
    const hull = { left: Math.min(...seen.map((r) => r.left)), top: Math.min(...seen.map((r) => r.top)),
      right: Math.max(...seen.map((r) => r.right)), bottom: Math.max(...seen.map((r) => r.bottom)) };
    const paper = ground(element);
    controls.push({ role, text: element.textContent.trim(), box: edges(hull), rects: seen.map(edges),
      checked: element.dataset.on === undefined ? null : element.dataset.on === "true",
      color: style.color, bg: paper === null ? "mixed" : paper, contrast: contrast(style.color, paper),
      fs: Math.round(parseFloat(style.fontSize) * scale) });
  }

  const card = document.querySelector("[data-card]");
  const lines = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    if (!node.nodeValue.trim() || /^(STYLE|SCRIPT)$/.test(node.parentElement.tagName)) continue;
    const range = document.createRange(), found = [];
    for (let at = 0; at < node.nodeValue.length; at += 1) {
      range.setStart(node, at); range.setEnd(node, at + 1);
      const rect = range.getBoundingClientRect();
      if (!rect.width) continue;
      const last = found[found.length - 1];
      if (last && Math.abs(last.top - rect.top) < 2) { last.text += node.nodeValue[at]; last.right = rect.right; }
      else found.push({ text: node.nodeValue[at], left: rect.left, top: rect.top, right: rect.right, bottom: rect.bottom });
    }
    for (const line of found) {
      const rect = { ...line, width: line.right - line.left, height: line.bottom - line.top };
      const part = clip(rect, node.parentElement);
      if (!whole(rect, part) || !line.text.trim() || !uncovered(node.parentElement, part)) continue;
      lines.push({ text: line.text.trim(), box: edges(part), card: card !== null && card.contains(node),
        fs: Math.round(parseFloat(getComputedStyle(node.parentElement).fontSize) * scale) });
    }
  }
  return { controls, lines, cut, card: card === null ? null : edges(clip(card.getBoundingClientRect(), card)) };
}
