"use strict";
// Everything that comes from the server is put into the page as text: there is no
// place where it could become markup.

const main = document.getElementById("main");
const key = document.getElementById("key");

function element(name, text, kind) {
  const e = document.createElement(name);
  if (text !== undefined) e.textContent = text;
  if (kind) e.className = kind;
  return e;
}

async function get(path) {
  const headers = key.value ? { Authorization: "Bearer " + key.value } : {};
  const reply = await fetch(path, { headers, credentials: "omit" });
  if (reply.status === 401 || reply.status === 403) document.getElementById("ask").hidden = false;
  const body = await reply.json();
  if (!reply.ok) throw new Error(body.error ? body.error.message : reply.statusText);
  return body;
}

function tokens(usage) {
  return (usage.prompt_tokens || 0) + " + " + (usage.completion_tokens || 0) + " tokens";
}

function row(cells, kind) {
  const tr = element("tr");
  for (const c of cells) {
    const td = element(kind || "td");
    td.append(c);
    tr.append(td);
  }
  return tr;
}

function list(body) {
  const table = element("table");
  table.append(row(["trace", "model", "status", "seconds", "usage", "began"], "th"));
  for (const t of body.traces) {
    const a = element("a", t.id.slice(0, 8));
    a.href = "/traces/" + encodeURIComponent(t.id);
    table.append(row([a, (t.recipe ? t.recipe + "/" : "") + t.model, String(t.status), t.seconds.toFixed(3), tokens(t.usage), t.began]));
  }
  main.replaceChildren(body.traces.length ? table : element("p", "No requests yet."));
}

function node(n, answer) {
  const li = element("li", undefined, n.node === answer ? "given" : "");
  const box = element("div", undefined, "node");
  box.append(element("div", [n.node, n.role, n.seat, n.finish].filter(Boolean).join(" · "), "about"), element("pre", n.content));
  if (n.data) box.append(element("pre", JSON.stringify(n.data), "about"));
  for (const s of n.scores || []) {
    box.append(element("div", s.by + ": " + (s.abstain ? "abstains" : s.value) + (s.rationale ? " — " + s.rationale : ""), "about"));
  }
  li.append(box);
  if (n.children) {
    const ul = element("ul", undefined, "tree");
    for (const c of n.children) ul.append(node(c, answer));
    li.append(ul);
  }
  return li;
}

function show(t) {
  const parts = [element("h2", (t.recipe ? t.recipe + "/" : "") + t.model),
    element("p", [t.api, "status " + t.status, t.seconds.toFixed(3) + " s", tokens(t.usage), t.error].filter(Boolean).join(" · "), "about")];
  t.answers.forEach((a, i) => {
    parts.push(element("h3", "Answer " + (i + 1) + (a.by ? ", by " + a.by : "") + (a.cut ? ", cut by " + a.cut : "")));
    const ul = element("ul", undefined, "tree");
    for (const n of a.nodes) ul.append(node(n, a.answer));
    parts.push(ul);
    const table = element("table");
    table.append(row(["seat", "model", "ms", "usage", "error"], "th"));
    for (const c of a.calls) table.append(row([c.seat, c.model, (c.took / 1e6).toFixed(1), tokens(c.usage), c.err || ""]));
    parts.push(table);
  });
  main.replaceChildren(...parts);
}

async function load() {
  const id = location.pathname.split("/")[2];
  try {
    if (id) show(await get("/v1/traces/" + encodeURIComponent(id)));
    else list(await get("/v1/traces"));
  } catch (e) {
    main.replaceChildren(element("p", e.message));
  }
}

key.addEventListener("change", load);
load();
