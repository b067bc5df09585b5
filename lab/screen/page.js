// Runs before the scripts of every frame of every window. Remembers what the DOM will not tell later (listeners,
// closed shadow roots) and writes the window as uiautomator writes a view tree. Everything used is captured first:
// a page may replace whatever it likes.
(() => {
  "use strict";
  const KEY = Symbol.for("lab.screen");
  if (window[KEY]) return;

  const LISTENED = new Set(["click", "touchend", "touchstart", "pointerup", "pointerdown", "mouseup", "mousedown", "tap"]);
  const heard = new WeakSet();
  const listen = EventTarget.prototype.addEventListener;
  EventTarget.prototype.addEventListener = function addEventListener(type, listener, options) {
    if (listener && LISTENED.has(type) && this instanceof Element) heard.add(this);
    return listen.call(this, type, listener, options);
  };
  const shadows = new WeakMap();
  const attach = Element.prototype.attachShadow;
  Element.prototype.attachShadow = function attachShadow(init) {
    const root = attach.call(this, init);
    shadows.set(this, root);
    return root;
  };

  // A WebView without multiple windows loads links in place.
  window.open = (url) => { if (url) location.assign(url); return null; };
  listen.call(document, "click", (event) => {
    const link = event.target instanceof Element && event.target.closest("a[target]");
    if (link) link.removeAttribute("target");
  }, true);

  const sheet = new CSSStyleSheet();
  sheet.replaceSync(":root{caret-color:transparent;-webkit-tap-highlight-color:transparent}" +
    "input,textarea,[contenteditable]{caret-color:transparent!important}");
  document.adoptedStyleSheets = [...document.adoptedStyleSheets, sheet];

  // Headless pages never hide; Android's do.
  let visible = true;
  const still = new CSSStyleSheet();
  still.replaceSync("*,*::before,*::after{animation-play-state:paused!important}");
  Object.defineProperty(document, "visibilityState", { get: () => (visible ? "visible" : "hidden"), configurable: true });
  Object.defineProperty(document, "hidden", { get: () => !visible, configurable: true });
  function show(now) {
    if (visible === now) return;
    visible = now;
    document.adoptedStyleSheets = now ? document.adoptedStyleSheets.filter((each) => each !== still)
      : [...document.adoptedStyleSheets, still];
    document.dispatchEvent(new Event("visibilitychange", { bubbles: true }));
  }

  const REPLACED = new Set(["IMG", "INPUT", "BUTTON", "SELECT", "TEXTAREA", "CANVAS", "VIDEO", "AUDIO", "IFRAME", "OBJECT",
    "EMBED", "PROGRESS", "METER", "svg", "SVG"]);
  const IGNORED = new Set(["SCRIPT", "STYLE", "LINK", "META", "TITLE", "HEAD", "TEMPLATE", "NOSCRIPT", "BR", "WBR", "COL",
    "COLGROUP", "SOURCE", "TRACK", "DATALIST", "OPTION", "OPTGROUP", "PARAM"]);
  const INLINE = /^(A|B|I|U|S|EM|STRONG|SPAN|FONT|SMALL|BIG|SUB|SUP|MARK|CODE|LABEL|Q|ABBR|BDI|TIME)$/;
  const CLASSES = { BUTTON: "Button", IMG: "ImageView", svg: "ImageView", SELECT: "Spinner", TEXTAREA: "EditText",
    PROGRESS: "ProgressBar", METER: "ProgressBar", UL: "ListView", OL: "ListView", TABLE: "TableLayout", TR: "TableRow",
    BODY: "RelativeLayout", LI: "LinearLayout", IFRAME: "android.webkit.WebView", CANVAS: "android.view.View",
    VIDEO: "android.view.TextureView", FORM: "LinearLayout" };
  const INPUTS = { checkbox: "CheckBox", radio: "RadioButton", range: "SeekBar", button: "Button", submit: "Button",
    reset: "Button", image: "ImageButton" };
  const ROLES = { button: "Button", switch: "Switch", checkbox: "CheckBox", radio: "RadioButton", img: "ImageView",
    progressbar: "ProgressBar", slider: "SeekBar" };
  const NAF_EXCLUDED = /\.(GridView|GridLayout|ListView|TableLayout)$/;
  const MOST_NODES = 20000;

  // What Android's dumper replaces, and every UTF-16 surrogate.
  const ILLEGAL = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u0084\u0086-\u009f\ud800-\udfff\ufdd0-\ufddf\ufffe\uffff]/g;
  const ESCAPES = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "\n": "&#10;", "\r": "&#13;", "\t": "&#9;" };
  const escape = (text) => String(text).replace(ILLEGAL, ".").replace(/[&<>"\n\r\t]/g, (found) => ESCAPES[found]);

  const styleOf = (element) => element.ownerDocument.defaultView.getComputedStyle(element);
  const isElement = (node) => node.nodeType === 1;
  const isText = (node) => node.nodeType === 3;

  function childNodes(element) {
    const shadow = element.shadowRoot || shadows.get(element);
    if (shadow) return [...shadow.childNodes];
    if (element.tagName === "SLOT") {
      const assigned = element.assignedNodes();
      if (assigned.length) return assigned;
    }
    if (element.tagName === "DETAILS" && !element.open) return [...element.children].filter((c) => c.tagName === "SUMMARY");
    return [...element.childNodes];
  }

  function isHidden(style) {
    return style.display === "none" || Number(style.opacity) < 0.01;
  }

  // Inline text all the way down: part of its parent's TextView, as a span is.
  function isSpan(element) {
    if (REPLACED.has(element.tagName) || element.dataset?.class || element.dataset?.opaque !== undefined) return false;
    if (element.shadowRoot || shadows.get(element) || element.dataset?.window !== undefined) return false;
    const style = styleOf(element);
    if (style.display === "none") return INLINE.test(element.tagName);
    if (style.display !== "inline" || style.position === "absolute" || style.position === "fixed") return false;
    return childNodes(element).every((child) => !isElement(child) || IGNORED.has(child.tagName) || isSpan(child));
  }

  function spanText(node, pre) {
    if (isText(node)) return pre ? node.nodeValue : node.nodeValue.replace(/[ \t\n\r\f]+/g, " ");
    if (!isElement(node)) return "";
    if (node.tagName === "BR") return "\n";
    if (IGNORED.has(node.tagName)) return "";
    const style = styleOf(node);
    if (isHidden(style) || style.visibility !== "visible") return "";
    return childNodes(node).map((child) => spanText(child, style.whiteSpace.startsWith("pre"))).join("");
  }

  const tidy = (text) => text.replace(/ *\n */g, "\n").replace(/ {2,}/g, " ").trim();

  // The children as Android would have them: runs of inline text, and views between them.
  function partition(element, style) {
    const parts = [];
    let run = null;
    const pre = style.whiteSpace.startsWith("pre");
    const shown = style.visibility === "visible";
    for (const child of childNodes(element)) {
      const inline = isText(child) || (isElement(child) && (child.tagName === "BR" || (!IGNORED.has(child.tagName) && isSpan(child))));
      if (inline) {
        if (!run) { run = { nodes: [], text: "" }; parts.push(run); }
        run.nodes.push(child);
        if (shown || isElement(child)) run.text += spanText(child, pre);
      } else if (isElement(child) && !IGNORED.has(child.tagName)) {
        run = null;
        parts.push({ element: child });
      }
    }
    for (const part of parts) if (part.nodes) part.text = pre ? part.text.replace(/\s+$/, "") : tidy(part.text);
    return parts.filter((part) => part.element || part.text);
  }

  function isClickable(element) {
    const wish = element.dataset?.clickable;
    if (wish !== undefined) return wish !== "false";
    const tag = element.tagName;
    if (tag === "BODY" || tag === "HTML") return false;
    if (tag === "BUTTON" || tag === "INPUT" || tag === "SELECT" || tag === "TEXTAREA" || tag === "SUMMARY") return true;
    if (tag === "A" && element.hasAttribute("href")) return true;
    if (tag === "LABEL" && element.control) return true;
    return element.onclick !== null && element.onclick !== undefined || heard.has(element) ||
      element.ownerDocument.defaultView[KEY]?.heard(element) || element.getAttribute("role") === "button";
  }

  function links(nodes) {
    return nodes.some((node) => isElement(node) && (isClickable(node) || links([...node.children])));
  }

  function className(element, style, hasViews, text) {
    const wish = element.dataset?.class;
    if (wish) return wish.includes(".") ? wish : `android.widget.${wish}`;
    const tag = element.tagName;
    const named = ROLES[element.getAttribute("role")] || (tag === "INPUT" ? INPUTS[element.type] || "EditText" : CLASSES[tag]);
    if (tag === "LI" && !hasViews) return "android.widget.TextView";
    if (tag === "BODY" && isScrollable(element, style)) return "android.widget.ScrollView";
    if (named && !(tag === "FORM" && !hasViews)) return named.includes(".") ? named : `android.widget.${named}`;
    if (element.isContentEditable && !element.parentElement?.isContentEditable) return "android.widget.EditText";
    if (!hasViews) return text ? "android.widget.TextView" : "android.view.View";
    if (isScrollable(element, style)) return style.overflowX !== "hidden" && element.scrollWidth > element.clientWidth + 1 &&
      element.scrollHeight <= element.clientHeight + 1 ? "android.widget.HorizontalScrollView" : "android.widget.ScrollView";
    if (style.display.includes("flex")) return "android.widget.LinearLayout";
    if (style.display.includes("grid")) return "android.widget.GridLayout";
    return style.position === "static" ? "android.view.ViewGroup" : "android.widget.FrameLayout";
  }

  function isScrollable(element, style) {
    if (element.tagName === "BODY" || element.tagName === "HTML") {
      const scroller = element.ownerDocument.scrollingElement;
      return style.overflowY !== "hidden" && scroller !== null && scroller.scrollHeight > scroller.clientHeight + 1;
    }
    return (/auto|scroll/.test(style.overflowY) && element.scrollHeight > element.clientHeight + 1) ||
      (/auto|scroll/.test(style.overflowX) && element.scrollWidth > element.clientWidth + 1);
  }

  function ownText(element, kind, runs) {
    if (/EditText$/.test(kind)) {
      if (element.type === "password" && element.value) return "\u2022".repeat(element.value.length);
      return element.value || element.placeholder || (element.value === undefined ? element.innerText : "") || "";
    }
    if (element.tagName === "INPUT") {
      if (element.type === "range") return Number(element.value).toFixed(1);
      return /button|submit|reset/.test(element.type) ? element.value : "";
    }
    if (element.dataset?.text !== undefined) return element.dataset.text;
    return runs.length === 1 ? runs[0].text : "";
  }

  class Writer {
    constructor(options) {
      this.options = options;
      this.count = 0;
      this.out = [];
    }

    box(rect, offset, clip) {
      const scale = this.options.scale;
      const left = Math.max(rect.left + offset.x, clip.left), top = Math.max(rect.top + offset.y, clip.top);
      const right = Math.min(rect.right + offset.x, clip.right), bottom = Math.min(rect.bottom + offset.y, clip.bottom);
      const box = [left, top, right, bottom].map((edge) => Math.round(edge * scale));
      return box[2] > box[0] && box[3] > box[1] ? box : null;
    }

    open(index, node, box, naf) {
      const flag = (name, value) => ` ${name}="${value ? "true" : "false"}"`;
      const { sdk } = this.options;
      this.count += 1;
      return `<node${naf ? ' NAF="true"' : ""} index="${index}" text="${escape(node.text || "")}" resource-id="${escape(node.id || "")}"` +
        ` class="${escape(node.kind)}" package="${escape(this.package)}" content-desc="${escape(node.description || "")}"` +
        flag("checkable", node.checkable) + flag("checked", node.checked) + flag("clickable", node.clickable) +
        flag("enabled", node.enabled !== false) + flag("focusable", node.focusable) + flag("focused", node.focused) +
        flag("scrollable", node.scrollable) + flag("long-clickable", node.long) + flag("password", node.password) +
        flag("selected", node.selected) + flag("visible-to-user", true) + ` bounds="[${box[0]},${box[1]}][${box[2]},${box[3]}]"` +
        (sdk >= 24 ? ` drawing-order="${node.order ?? index + 1}"` : "") + (sdk >= 26 ? ` hint="${escape(node.hint || "")}"` : "") +
        (sdk >= 30 ? ' display-id="0"' : "");
    }

    // Returns the XML of a node and of what is in it.
    node(index, node, box, children) {
      const named = Boolean(node.text || node.description);
      const naf = node.clickable && node.enabled !== false && !named && !NAF_EXCLUDED.test(node.kind) &&
        !children.some((child) => child.named);
      const inner = children.map((child) => child.xml).join("");
      const head = this.open(index, node, box, naf);
      return { xml: inner ? `${head}>${inner}</node>` : `${head} />`, named: named || children.some((child) => child.named) };
    }

    resourceId(element) {
      const wish = element.dataset?.resourceId;
      if (wish !== undefined) return wish === "" || wish.includes(":") ? wish : `${this.package}:id/${wish}`;
      return element.id ? `${this.package}:id/${String(element.id).replace(/\W/g, "_")}` : "";
    }

    describe(element, style, parts, alone) {
      const views = alone || parts.some((part) => part.element);
      const runs = parts.filter((part) => part.nodes);
      const kind = className(element, style, views || runs.length > 1, runs.length ? runs[0].text : "");
      const text = views || runs.length > 1 ? element.dataset?.text || "" : ownText(element, kind, runs);
      const checkable = element.type === "checkbox" || element.type === "radio" || /(CheckBox|RadioButton|Switch)$/.test(kind) ||
        element.dataset?.checked !== undefined;
      const checked = element.dataset?.checked === "true" || element.getAttribute("aria-checked") === "true" ||
        (checkable && element.checked === true);
      const editable = /EditText$/.test(kind);
      const spans = !views && runs.length === 1 && links(runs[0].nodes);
      const clickable = isClickable(element) || editable || spans;
      const scrollable = isScrollable(element, style);
      return {
        kind, text, checkable, checked, clickable, scrollable, id: this.resourceId(element),
        description: element.getAttribute("aria-label") || (element.tagName === "IMG" ? element.alt : "") || "",
        enabled: !element.matches(":disabled") && element.getAttribute("aria-disabled") !== "true",
        focusable: clickable || scrollable, focused: element.ownerDocument.activeElement === element && element.tagName !== "BODY",
        long: editable || spans || element.dataset?.longClickable === "true", password: element.type === "password",
        selected: element.dataset?.selected === "true" || element.getAttribute("aria-selected") === "true",
        hint: element.placeholder || "",
      };
    }

    // Appends what `element` becomes to `into`: nothing, one node, or (a box without area) its children.
    element(element, place, into) {
      if (this.count > MOST_NODES) return;
      const data = element.dataset || {};
      if (data.window !== undefined && !place.root) {
        if (data.window !== "hidden") this.windows.push(element);
        return;
      }
      const style = styleOf(element);
      if (isHidden(style)) return;
      const fixed = style.position === "fixed" || element.matches(":modal");
      const clip = fixed ? place.frame : place.clip;
      const rect = element.getBoundingClientRect();
      const box = style.visibility === "visible" ? this.box(rect, place.offset, clip) : null;
      const parts = data.opaque === undefined && !this.isBlind(element) ? partition(element, style) : [];
      const cut = /visible/.test(style.overflowX) && /visible/.test(style.overflowY) || element.tagName === "BODY" ? clip
        : this.intersect(rect, place.offset, clip);
      const inside = { offset: place.offset, clip: cut, frame: place.frame };
      if (box === null || style.display === "contents") {
        for (const child of this.children(element, parts, inside, into.next)) into.add(child);
        into.taken = parts.length;
        return;
      }
      const alone = parts.length === 1 && parts[0].nodes !== undefined && this.linkAlone(element, parts[0]);
      const node = data.opaque !== undefined ? this.opaque(element, data) : this.describe(element, style, parts, alone);
      const children = node.text ? [] : this.children(element, parts, inside, 0);
      this.embed(element, node, rect, place, clip, children);
      into.add({ index: into.next, ...this.node(into.next, node, box, children) });
    }

    isBlind(element) {
      return /^(CANVAS|SELECT|TEXTAREA|INPUT|IMG|svg|VIDEO|AUDIO|IFRAME|OBJECT|EMBED|PROGRESS|METER)$/.test(element.tagName);
    }

    // A paragraph that holds one link and nothing else: the link is the view, a tap beside it does nothing.
    linkAlone(element, run) {
      const nodes = run.nodes.filter((node) => isElement(node) ? spanText(node, false).trim() : node.nodeValue.trim());
      return nodes.length === 1 && isElement(nodes[0]) && !isClickable(element) && (isClickable(nodes[0]) || Boolean(nodes[0].id && !element.id));
    }

    opaque(element, data) {
      const kind = data.class ? (data.class.includes(".") ? data.class : `android.widget.${data.class}`) : "android.view.View";
      return { kind, id: this.resourceId(element), clickable: data.clickable === "true", focusable: data.clickable === "true" };
    }

    intersect(rect, offset, clip) {
      return { left: Math.max(rect.left + offset.x, clip.left), top: Math.max(rect.top + offset.y, clip.top),
        right: Math.min(rect.right + offset.x, clip.right), bottom: Math.min(rect.bottom + offset.y, clip.bottom) };
    }

    children(element, parts, place, first) {
      const nodes = [];
      let index = first;
      for (const part of parts) {
        const into = { next: index, taken: 1, add: (child) => nodes.push(child) };
        if (part.element) this.element(part.element, place, into);
        else this.run(element, part, place, into);
        index += Math.max(1, into.taken);
      }
      return nodes;
    }

    run(element, run, place, into) {
      const style = styleOf(element);
      const nodes = run.nodes.filter((node) => isElement(node) ? spanText(node, false).trim() : node.nodeValue.trim());
      if (!nodes.length) return;
      const range = element.ownerDocument.createRange();
      range.setStartBefore(nodes[0]);
      range.setEndAfter(nodes[nodes.length - 1]);
      const box = this.box(range.getBoundingClientRect(), place.offset, place.clip);
      if (box === null) return;
      const only = nodes.length === 1 && isElement(nodes[0]) ? nodes[0] : null;
      const spans = links(run.nodes);
      const node = { kind: "android.widget.TextView", text: run.text, clickable: spans, focusable: spans, long: spans && !only,
        id: only ? this.resourceId(only) : "", description: only?.getAttribute("aria-label") || "" };
      into.add(this.node(into.next, node, box, []));
    }

    embed(element, node, rect, place, clip, children) {
      if (element.tagName === "SELECT") {
        const chosen = element.selectedOptions[0];
        const box = this.box(rect, place.offset, clip);
        const label = { kind: "android.widget.TextView", text: chosen ? chosen.text : "", id: "android:id/text1" };
        if (box) children.push(this.node(0, label, box, []));
      }
      if (element.tagName !== "IFRAME") return;
      let body = null;
      try { body = element.contentDocument?.body ?? null; } catch { body = null; }
      if (!body) return;
      const offset = { x: place.offset.x + rect.left + element.clientLeft, y: place.offset.y + rect.top + element.clientTop };
      const inner = this.intersect(rect, place.offset, clip);
      this.element(body, { offset, clip: inner, frame: inner, root: true }, { next: 0, add: (child) => children.push(child) });
    }

    window(element, decor) {
      this.package = element.dataset?.package || this.options.package;
      const frame = { left: 0, top: 0, right: innerWidth, bottom: innerHeight };
      const place = { offset: { x: 0, y: 0 }, clip: frame, frame, root: true };
      const found = [];
      const opaque = this.options.opaque && element.tagName === "BODY";
      if (opaque) found.push(this.node(0, { kind: "android.view.View" }, this.box(frame, place.offset, frame), []));
      else this.element(element, place, { next: 0, add: (child) => found.push(child) });
      if (!found.length && !decor) return "";
      if (!decor) return found.map((child) => child.xml).join("");
      const area = element.tagName === "BODY" ? frame : element.getBoundingClientRect();
      const box = this.box(area, place.offset, frame) || [0, 0, 0, 0];
      const layers = [{ kind: "android.widget.FrameLayout", id: "android:id/content" }];
      if (element.tagName === "BODY") layers.push({ kind: "android.widget.LinearLayout" });
      layers.push({ kind: "android.widget.FrameLayout", order: 0 });
      return layers.reduce((inner, layer) => [this.node(0, layer, box, inner)], found)[0].xml;
    }
  }

  // All windows of this page from the bottom up: {package, modal, xml}. `body[data-window=none]` is only a stage.
  function dump(options) {
    const writer = new Writer(options);
    const found = [];
    writer.windows = [];
    const body = document.body;
    if (!body) return found;
    const stage = body.dataset.window === "none";
    const base = writer.window(body, !stage);
    if (!stage) found.push({ package: options.package, modal: true, xml: base });
    const dialogs = options.opaque ? [] : [...writer.windows];
    for (const element of dialogs) {
      const xml = writer.window(element, element.dataset.window === "dialog");
      if (xml) found.push({ package: writer.package, modal: element.dataset.window !== "panel", xml });
    }
    return found;
  }

  Object.defineProperty(window, KEY, { value: Object.freeze({ dump, show, heard: (element) => heard.has(element) }) });
})();
