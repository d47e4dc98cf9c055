// The desk works without this file; with it, forms are sent in place and the page follows the server's events.
(() => {
  const root = document.documentElement;
  root.classList.add("js");
  const find = document.getElementById("find");
  if (find) {
    find.focus();
    find.addEventListener("input", () => {
      const text = find.value.trim().toLowerCase();
      let seen = 0;
      for (const row of document.querySelectorAll("[data-find]")) {
        const fits = row.dataset.find.includes(text);
        row.parentElement.hidden = !fits;
        seen += fits ? 1 : 0;
      }
      document.getElementById("nothing").hidden = seen > 0;
    });
  }
  const columns = document.querySelector(".columns");
  if (!columns) return;
  const toast = document.getElementById("toast");
  const link = document.getElementById("link");
  let hide = 0;
  const say = (text) => {
    if (!text) return;
    toast.textContent = text;
    toast.hidden = false;
    clearTimeout(hide);
    hide = setTimeout(() => { toast.hidden = true; }, 6000);
  };
  const draftKey = () => "draft:" + location.pathname + (new URLSearchParams(location.search).get("chat") || "dm");
  const bottom = (log) => log.scrollHeight - log.scrollTop - log.clientHeight < 60;
  const down = () => { const log = document.getElementById("log"); if (log) log.scrollTop = log.scrollHeight; };

  // Replace only what changed, keep focus, caret, drafts and chosen values.
  let latest = 0;
  const refresh = async () => {
    const mine = ++latest;
    const answer = await fetch(location.pathname + "/parts" + location.search, { headers: { "x-desk": "1" } });
    const html = await answer.text();
    if (!answer.ok || mine < latest) return;
    const fresh = new DOMParser().parseFromString(html, "text/html");
    const log = document.getElementById("log");
    const stick = log ? bottom(log) : true;
    for (const part of ["#chats", "#log", "#pane .chains", "#pane .faults", "#pane .ledger", "#pane .steps"]) {
      const old = document.querySelector(part), now = fresh.querySelector(part);
      if (!old || !now || old.innerHTML === now.innerHTML) continue;
      if (part === "#log") patch(old, now); else old.innerHTML = now.innerHTML;
    }
    if (stick) down();
  };
  const patch = (old, now) => {
    const known = new Map([...old.children].map((node) => [node.id, node]));
    let at = old.firstElementChild;
    for (const node of [...now.children]) {
      const have = node.id ? known.get(node.id) : null;
      if (have && have.outerHTML === node.outerHTML) { at = have.nextElementSibling; continue; }
      const copy = document.importNode(node, true);
      if (have) { have.replaceWith(copy); at = copy.nextElementSibling; }
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
    if (event.submitter) event.submitter.setAttribute("aria-busy", "true");
    try {
      const answer = await fetch(form.action, { method: "POST", body: data, headers: { "x-desk": "1" } });
      const body = await answer.json();
      say(body.toast || body.error || body.detail);
      if (answer.ok && text) { text.value = ""; localStorage.removeItem(draftKey()); }
      if (file) { file.value = ""; file.parentElement.classList.remove("has"); }
      await refresh();
      if (text) down();
    } catch { say(link.dataset.lost); }
    if (event.submitter) event.submitter.removeAttribute("aria-busy");
  });
  document.addEventListener("change", (event) => {
    if (event.target.id === "change") event.target.form.submit();
    if (event.target.type === "file") event.target.parentElement.classList.toggle("has", event.target.files.length > 0);
  });
  const text = document.getElementById("text");
  text.value = localStorage.getItem(draftKey()) || "";
  text.addEventListener("input", () => localStorage.setItem(draftKey(), text.value));
  text.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && !event.shiftKey && !event.isComposing) { event.preventDefault(); text.form.requestSubmit(); }
  });
  document.addEventListener("keydown", (event) => {
    if (event.target.matches("input, textarea, select") || event.ctrlKey || event.metaKey || event.altKey) {
      if (event.key === "Escape") document.activeElement.blur();
      return;
    }
    const rows = [...document.querySelectorAll(".chatrow")];
    const here = rows.findIndex((row) => row.hasAttribute("aria-current"));
    if (event.key === "/") { event.preventDefault(); text.focus(); }
    else if (event.key === "s" || event.key === "S") { const all = document.querySelectorAll(".under"); if (all.length) all[all.length - 1].click(); }
    else if (event.key === "w" || event.key === "W") document.getElementById("pane").classList.toggle("open");
    else if (event.key === "]" && rows[here + 1]) rows[here + 1].click();
    else if (event.key === "[" && rows[here - 1]) rows[here - 1].click();
    else if (event.key === "Escape") { document.getElementById("pane").classList.remove("open"); text.focus(); }
  });
  const stream = new EventSource("/events");
  stream.addEventListener("changed", () => { refresh().catch(() => {}); });
  stream.addEventListener("open", () => { link.textContent = link.dataset.on; link.classList.remove("lost"); });
  stream.addEventListener("error", () => { link.textContent = link.dataset.lost; link.classList.add("lost"); });
  document.querySelector("a[href='#pane']")?.addEventListener("click", (event) => { event.preventDefault(); document.getElementById("pane").classList.toggle("open"); });
  down();
  requestAnimationFrame(down);
  window.addEventListener("load", () => setTimeout(down, 60));
})();
