"use strict";
/* Pages, tabs, overlays and toasts of a one-window app. The markup says what a tap does:
   data-open="id"    shows <section class="page" id="id"> over #root; data-set-x="text" beside it fills its [data-slot=x]
   data-back         leaves the page (Android's back does the same)
   data-tab="name"   inside [data-tabs=group] shows [data-group=group][data-view=name] and hides its siblings
   data-show="id", data-hide="id"   an overlay with the attribute `hidden`; one with data-modal swallows back
   data-flip="text"  swaps the text with the element's own; data-toast="text" shows a toast */
const Pages = (() => {
  const stack = [];
  const byId = (id) => document.getElementById(id);
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];

  function draw() {
    const top = stack[stack.length - 1];
    for (const page of all(".page")) page.hidden = page !== top;
    byId("root").hidden = Boolean(top);
  }

  function open(id, values = {}) {
    const page = byId(id);
    for (const [name, value] of Object.entries(values)) {
      for (const slot of all(`[data-slot="${name}"]`, page)) slot.textContent = value;
    }
    if (stack.includes(page)) stack.splice(stack.indexOf(page), 1);
    stack.push(page);
    draw();
    page.scrollTop = 0;
  }

  function back() {
    const overlay = all("[data-overlay]:not([hidden])").pop();
    if (overlay) {
      if (overlay.dataset.overlay !== "modal") overlay.hidden = true;
      return true;
    }
    if (!stack.pop()) return false;
    draw();
    return true;
  }

  function select(tab) {
    const bar = tab.closest("[data-tabs]");
    for (const each of all("[data-tab]", bar)) {
      each.classList.toggle("on", each === tab);
      each.dataset.selected = String(each === tab);
    }
    for (const view of all(`[data-group="${bar.dataset.tabs}"]`)) view.hidden = view.dataset.view !== tab.dataset.tab;
  }

  function flip(element) {
    const next = element.dataset.flip;
    element.dataset.flip = element.textContent;
    element.textContent = next;
    element.classList.toggle("on");
  }

  document.addEventListener("click", (event) => {
    const element = event.target.closest("[data-open],[data-back],[data-tab],[data-show],[data-hide],[data-flip],[data-toast]");
    if (!element) return;
    const { open: page, tab, show, hide, toast } = element.dataset;
    if ("back" in element.dataset && !back()) android.finish();
    if (hide) byId(hide).hidden = true;
    if (show) byId(show).hidden = false;
    if ("flip" in element.dataset) flip(element);
    if (tab) select(element);
    if (toast) android.toast(toast);
    if (!page) return;
    const values = Object.entries(element.dataset).filter(([name]) => name.startsWith("set"));
    open(page, Object.fromEntries(values.map(([name, value]) => [name.slice(3).toLowerCase(), value])));
  });
  window.onAndroidBack = back;
  return { open, back };
})();
