// The desk works without this file; with it, forms are sent in place and the page follows the server's events.
(() => {
  document.documentElement.classList.add("js");
  const by = (id) => document.getElementById(id);

  // Search: live filter of rows that carry data-find.
  const filter = (field, scope, nothing) => {
    if (!field) return;
    field.addEventListener("input", () => {
      const text = field.value.trim().toLowerCase();
      let seen = 0;
      for (const row of document.querySelectorAll(scope + " [data-find]")) {
        const fits = row.dataset.find.includes(text);
        row.parentElement.hidden = !fits;
        seen += fits ? 1 : 0;
      }
      by(nothing).hidden = seen > 0;
    });
  };
  filter(by("find"), ".groups", "nothing");
  if (by("find")) by("find").focus();
  const columns = document.querySelector(".columns");
  if (!columns) return;
  filter(by("search"), "#chatlist", "nochats");

  const toast = by("toast");
  const link = by("link");
  let hide = 0;
  const later = () => { clearTimeout(hide); hide = setTimeout(() => { toast.hidden = true; }, 6000); };
  const say = (text) => { if (text) { toast.textContent = text; toast.hidden = false; later(); } };
  toast.addEventListener("mouseenter", () => clearTimeout(hide));
  toast.addEventListener("mouseleave", later);
  const draftKey = () => "draft:" + location.pathname + (new URLSearchParams(location.search).get("chat") || "dm");

  // The log follows its end until the reader scrolls up; then it stays, and news below are counted on a button.
  const log = () => by("log");
  const newer = () => by("newer");
  const atBottom = () => log().scrollHeight - log().scrollTop - log().clientHeight < 60;
  let following = true, top = 0;
  const down = () => { following = true; log().scrollTop = log().scrollHeight; top = log().scrollTop; newer().hidden = true; newer().dataset.n = "0"; };
  // Where the reader stands, read whenever it matters: a busy browser tells of a scroll later than it happened.
  const look = () => {
    if (atBottom()) following = true; else if (log().scrollTop < top) following = false;
    top = log().scrollTop;
  };
  const count = (n) => {
    if (n <= 0) return;
    newer().dataset.n = String(Number(newer().dataset.n || 0) + n);
    newer().textContent = columns.dataset.newer + ": " + newer().dataset.n;
    newer().hidden = false;
  };

  // Replace only what changed: focus, caret, drafts, open details and chosen values stay.
  const PARTS = ["#chatlist", "#log", "#pinned", "#ledgercount", ".chains", ".ledger", ".records", ".steps-part", ".faults"];
  let latest = 0;
  const refresh = async () => {
    const mine = ++latest;
    const answer = await fetch(location.pathname + "/parts" + location.search, { headers: { "x-desk": "1" } });
    const html = await answer.text();
    if (!answer.ok || mine < latest) return;
    const fresh = new DOMParser().parseFromString(html, "text/html");
    look();
    const before = log().querySelectorAll(".message").length;
    for (const part of PARTS) {
      const old = document.querySelector(part), now = fresh.querySelector(part);
      if (!old || !now || old.innerHTML === now.innerHTML) continue;
      if (part === "#log") { patch(old, now); continue; }
      const open = old.querySelector("details[open]") !== null;
      old.innerHTML = now.innerHTML;
      const details = old.querySelector("details");
      if (open && details) details.open = true;
    }
    if (following) down(); else count(log().querySelectorAll(".message").length - before);
    if (by("search").value) by("search").dispatchEvent(new Event("input"));
  };
  const patch = (old, now) => {
    const known = new Map([...old.children].map((node) => [node.id, node]));
    let at = old.firstElementChild;
    for (const node of [...now.children]) {
      const have = node.id ? known.get(node.id) : null;
      if (have && have.outerHTML === node.outerHTML) { at = have.nextElementSibling; continue; }
      const copy = document.importNode(node, true);
      if (have) { const focused = have.contains(document.activeElement); have.replaceWith(copy); if (focused) copy.querySelector("button, a")?.focus(); at = copy.nextElementSibling; }
      else { old.insertBefore(copy, at); }
    }
    const wanted = new Set([...now.children].map((node) => node.id));
    for (const node of [...old.children]) if (!wanted.has(node.id)) node.remove();
  };

  document.addEventListener("submit", async (event) => {
    const form = event.target;
    if (!form.matches("[data-live]")) return;
    event.preventDefault();
    const data = new FormData(form, event.submitter);
    const text = form.querySelector("textarea");
    const file = form.querySelector("input[type=file]");
    event.submitter?.setAttribute("aria-busy", "true");
    try {
      const answer = await fetch(form.action, { method: "POST", body: data, headers: { "x-desk": "1" } });
      const body = await answer.json();
      say(body.toast || body.error || body.detail);
      if (answer.ok && text) { text.value = ""; localStorage.removeItem(draftKey()); }
      if (file) { file.value = ""; file.parentElement.classList.remove("has"); }
      await refresh();
      if (text) down();
    } catch { say(link.dataset.lost); }
    event.submitter?.removeAttribute("aria-busy");
  });
  document.addEventListener("change", (event) => {
    if (event.target.id === "change") event.target.form.submit();
    if (event.target.type === "file") event.target.parentElement.classList.toggle("has", event.target.files.length > 0);
  });
  document.addEventListener("click", (event) => { if (event.target.closest("#newer")) down(); });
  log().addEventListener("scroll", () => { look(); if (atBottom()) down(); }, { passive: true });
  const settle = () => { look(); if (following) down(); };
  log().addEventListener("load", settle, true);  // a photo arrived and pushed the end away
  new ResizeObserver(settle).observe(log());

  const text = by("text");
  text.value = localStorage.getItem(draftKey()) || "";
  text.addEventListener("input", () => localStorage.setItem(draftKey(), text.value));
  text.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && !event.shiftKey && !event.isComposing) { event.preventDefault(); text.form.requestSubmit(); }
  });

  // Keys: single letters only when no field has the focus.
  const chats = () => [...document.querySelectorAll(".chatrow")].filter((row) => !row.parentElement.hidden);
  const here = () => chats().findIndex((row) => row.hasAttribute("aria-current"));
  const move = (step) => {
    const all = chats(), at = all.indexOf(document.activeElement);
    all[Math.min(all.length - 1, Math.max(0, (at < 0 ? here() : at) + step))]?.focus();
  };
  const last = (selector) => { const all = document.querySelectorAll(selector); all[all.length - 1]?.click(); };
  const KEYS = {
    "/": () => by("search").focus(), "?": () => say(columns.dataset.help), s: () => last(".under"), w: () => document.querySelector(".toworld").click(),
    "]": () => chats()[here() + 1]?.click(), "[": () => chats()[here() - 1]?.click(), ArrowDown: () => move(1), ArrowUp: () => move(-1),
    j: () => move(1), k: () => move(-1),
    Escape: () => { const shut = document.querySelector(".shut"); if (columns.dataset.pane !== "talk" && shut) shut.click(); else text.focus(); },
  };
  document.addEventListener("keydown", (event) => {
    if (event.altKey && /^[1-3]$/.test(event.key)) {
      event.preventDefault();
      document.querySelector('[data-alt="' + event.key + '"]')?.click();
      return;
    }
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.target.matches("input, textarea, select")) {
      if (event.key === "Escape") { event.target.blur(); }
      return;
    }
    const act = KEYS[event.key.length === 1 ? event.key.toLowerCase() : event.key];
    if (act) { event.preventDefault(); act(); }
  });

  // One stream a page; the browser resumes it by Last-Event-ID, and every event fetches the present state.
  let stream = null;
  const follow = () => {
    stream?.close();
    stream = new EventSource("/events");
    stream.addEventListener("changed", () => { refresh().catch(() => {}); });
    stream.addEventListener("open", () => { by("offline").hidden = true; link.lastElementChild.textContent = link.dataset.on; link.classList.remove("lost"); });
    stream.addEventListener("error", () => { by("offline").hidden = false; link.lastElementChild.textContent = link.dataset.lost; link.classList.add("lost"); });
  };
  by("retry").addEventListener("click", follow);
  follow();
  down();
  requestAnimationFrame(down);
  window.addEventListener("load", () => setTimeout(down, 60));
})();
