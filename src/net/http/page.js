// The live status of a broker. All text comes from clients of it, so none of it is ever markup.
"use strict";

const EVERY = 2_000;
const KEPT = 60;
const $ = (id) => document.getElementById(id);
const numbers = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });
const count = (value) => numbers.format(value);
const octets = (value) => {
  const units = ["B", "KiB", "MiB", "GiB", "TiB"];
  let unit = 0;
  for (; value >= 1024 && unit < units.length - 1; unit += 1) value /= 1024;
  return `${value >= 100 || unit === 0 ? Math.round(value) : value.toFixed(1)} ${units[unit]}`;
};
const span = (seconds) => {
  if (seconds < 120) return `${Math.max(0, Math.round(seconds))} s`;
  if (seconds < 7_200) return `${Math.round(seconds / 60)} min`;
  return seconds < 172_800 ? `${Math.round(seconds / 3_600)} h` : `${Math.round(seconds / 86_400)} d`;
};

const element = (name, text, className) => {
  const made = document.createElement(name);
  if (text !== undefined) made.textContent = text;
  if (className) made.className = className;
  return made;
};

// Children by key: what stays is left where it is, so that focus and selection stay too.
const reconcile = (parent, items, keyOf, make, update) => {
  const known = new Map([...parent.children].map((child) => [child.dataset.key, child]));
  let place = parent.firstElementChild;
  for (const item of items) {
    const key = keyOf(item);
    let child = known.get(key);
    if (child) {
      known.delete(key);
    } else {
      child = make(item);
      child.dataset.key = key;
    }
    update(child, item);
    if (child === place) place = place.nextElementSibling;
    else parent.insertBefore(child, place);
  }
  known.forEach((child) => child.remove());
};

// What a limit that is no count is a number of: times are told in seconds, packets in octets.
const bound = ({ name, limit }) => {
  if (limit === 0) return "no bound";
  if (/_(timeout|expiry)$/.test(name)) return span(limit);
  if (/_(octets|size)$/.test(name)) return limit % 1024 ? `${count(limit)} B` : octets(limit);
  return name.endsWith("_rate") ? `${count(limit)} /s` : count(limit);
};

const setText = (node, text) => { if (node.textContent !== text) node.textContent = text; };

// Cells are texts, or { href, text }; those that begin with a number of something are right-aligned.
const table = (id, items, keyOf, cells) => {
  const right = [...$(id).tHead.rows[0].cells].map((head) => head.classList.contains("n"));
  reconcile($(id).tBodies[0], items, keyOf, (item) => {
    const row = element("tr");
    cells(item).forEach((cell, column) => {
      const made = element("td", undefined, right[column] ? "n" : "");
      if (cell.href) {
        const link = element("a");
        link.href = cell.href;
        made.append(link);
      }
      row.append(made);
    });
    return row;
  }, (row, item) => cells(item).forEach((cell, column) => {
    const node = row.cells[column];
    setText(cell.href ? node.firstChild : node, cell.href ? cell.text : String(cell));
  }));
};

const history = [];

const rates = (now, before) => {
  const seconds = before && now.time > before.time && now.uptime_seconds >= before.uptime_seconds
    ? now.time - before.time : 0;
  return (name) => seconds ? (now.moved[name] - before.moved[name]) / seconds : 0;
};

const chart = () => {
  const most = Math.max(1, ...history.flatMap(({ came, went }) => [came, went]));
  const line = (name) => history
    .map((point, index) => {
      const x = 600 - (history.length - 1 - index) * (600 / (KEPT - 1));
      return `${x.toFixed(1)},${(116 - point[name] / most * 112).toFixed(1)}`;
    }).join(" ");
  $("line-in").setAttribute("points", line("came"));
  $("line-out").setAttribute("points", line("went"));
  const { came, went } = history.at(-1);
  setText($("legend"), `from clients ${count(came)} (line), to clients ${count(went)} (dashes), the top is ${count(most)}`);
};

const show = (now, before) => {
  const rate = rates(now, before);
  setText($("version"), now.version);
  setText($("state"), now.can_keep
    ? `serving for ${span(now.uptime_seconds)}`
    : "state cannot be kept; clients that ask for it are turned away");
  $("state").classList.toggle("bad", !now.can_keep);

  reconcile($("tiles"), [
    ["Clients", count(now.clients), `most ${count(now.most_clients)}`],
    ["Connections", count(now.connections), `ever ${count(now.connections_opened)}`],
    ["Sessions", count(now.sessions), `${count(now.subscriptions)} subscriptions`],
    ["Messages in", `${count(rate("messages_received"))}/s`, count(now.moved.messages_received)],
    ["Messages out", `${count(rate("messages_sent"))}/s`, count(now.moved.messages_sent)],
    ["Octets in", `${octets(rate("octets_received"))}/s`, octets(now.moved.octets_received)],
    ["Octets out", `${octets(rate("octets_sent"))}/s`, octets(now.moved.octets_sent)],
    ["Waiting", count(now.queued_messages), octets(now.queued_octets)],
    ["In flight", count(now.in_flight), ""],
    ["Dropped", count(now.messages_dropped), ""],
    ["Retained", count(now.retained_messages), octets(now.retained_octets)],
  ], ([name]) => name, ([name]) => {
    const tile = element("div");
    const value = element("dd", "");
    value.append(element("span"), " ", element("small"));
    tile.append(element("dt", name), value);
    return tile;
  }, (tile, [, value, more]) => {
    setText(tile.querySelector("span"), value);
    setText(tile.querySelector("small"), more);
  });

  history.push({ came: rate("messages_received"), went: rate("messages_sent") });
  if (history.length > KEPT) history.shift();
  chart();

  const sum = now.statements.reduce((all, one) => all + one.times, 0);
  setText($("violations-sum"), sum ? `${count(sum)} since the start` : "");
  $("no-violations").hidden = sum > 0;
  const meaning = (id) => `/statements/${encodeURIComponent(id)}`;
  reconcile($("statements"), now.statements, ({ id }) => id, ({ id }) => {
    const item = element("li");
    const link = element("a", id);
    link.href = meaning(id);
    item.append(link, " ", element("strong"), " ", element("span", "", "dim"));
    return item;
  }, (item, { times, text }) => {
    setText(item.querySelector("strong"), `${count(times)} ×`);
    setText(item.querySelector("span"), text ?? "");
  });
  const latest = [...now.violations].sort((a, b) => b.last - a.last).slice(0, 100);
  table("violations", latest, (one) => JSON.stringify([one.statement, one.client ?? one.address]),
    (one) => [
      { href: meaning(one.statement), text: one.statement },
      one.client ?? "–", one.address, count(one.times), `${span(now.time - one.last)} ago`, one.what,
    ]);
  $("violations").parentElement.hidden = latest.length === 0;

  table("sessions", now.fullest_sessions, (one) => JSON.stringify([one.client]), (one) => [
    one.client ?? "(no identifier)", one.connected ? "yes" : "no", count(one.queued_messages),
    octets(one.queued_octets), count(one.in_flight), count(one.dropped), count(one.subscriptions),
  ]);
  table("bounds", now.bounds, ({ name }) => name, (one) => [
    one.name, bound(one), count(one.reached),
  ]);
  table("closed", Object.entries(now.closed), ([why]) => why, ([why, times]) => [
    why.replaceAll("_", " "), count(times),
  ]);
  $("main").hidden = false;
};

let last, timer, paused = false;

const ask = async () => {
  clearTimeout(timer);
  if (paused || document.hidden) return;
  try {
    const token = sessionStorage.getItem("token");
    const headers = token ? { authorization: `Bearer ${token}` } : {};
    const answer = await fetch("/api/status", { headers });
    if (answer.status === 401) {
      $("main").hidden = true;
      setText($("state"), token ? "this is not its token" : "a token is needed");
      sessionStorage.removeItem("token");
      if ($("ask").hidden) {
        $("ask").hidden = false;
        $("token").focus();
      }
      return;
    }
    if (!answer.ok) throw new Error((await answer.json()).error);
    const now = await answer.json();
    $("ask").hidden = true;
    show(now, last);
    last = now;
  } catch (error) {
    setText($("state"), `no answer: ${error.message}`);
    $("state").classList.add("bad");
  }
  timer = setTimeout(ask, EVERY);
};

$("ask").addEventListener("submit", (event) => {
  event.preventDefault();
  sessionStorage.setItem("token", $("token").value.trim());
  $("token").value = "";
  ask();
});
$("pause").addEventListener("click", () => {
  paused = !paused;
  $("pause").setAttribute("aria-pressed", String(paused));
  setText($("pause"), paused ? "Go on" : "Pause");
  ask();
});
document.addEventListener("visibilitychange", ask);
ask();
