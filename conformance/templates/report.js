// One run: cases are drawn when they are opened, the list of statements is filtered as asked.

const data = JSON.parse(document.getElementById("data").textContent);
const statements = [...document.querySelectorAll(".statement")];
const sections = [...document.querySelectorAll(".section")];

const drawFinding = (finding) => {
  const list = element("dl", { class: `finding ${finding.verdict}` });
  if (finding.expected === undefined) {
    list.append(element("dt", { text: "Found" }), element("dd", { class: "seen", text: finding.text }));
  } else {
    list.append(
      element("dt", { text: "Expected" }), element("dd", { text: finding.expected }),
      element("dt", { text: "Saw" }), element("dd", { class: "seen", text: finding.seen }));
  }
  return list;
};

const drawRule = (id) => {
  const words = document.getElementById(id)?.querySelector(".brief")?.textContent ?? "";
  return element("li", {}, element("a", { class: "mono", href: `#${id}`, text: id }), ` ${words}`);
};

const drawCase = (details) => {
  const inside = details.querySelector(".inside");
  if (inside.childElementCount > 0) return;
  const found = data[details.dataset.case];
  inside.append(...found.findings.map(drawFinding));
  // The words of the statement that the case stands under are in sight already.
  const above = details.closest(".statement")?.id;
  const rules = found.statements.filter((id) => id !== above).map(drawRule);
  if (rules.length > 0) {
    inside.append(element("ul", { class: "rules", "aria-label": "Statements" }, ...rules));
  }
  if (found.steps.length === 0) {
    inside.append(element("p", { class: "soft", text: "No packet was sent." }));
    return;
  }
  const wrong = found.findings.find((finding) => finding.seen !== undefined);
  const ending = wrong && element("p", { class: `end ${wrong.verdict}` },
    element("span", { class: "mark", text: wrong.verdict === "fail" ? "✗ " : "! " }),
    `Here: expected ${wrong.expected}, saw ${wrong.seen}`);
  inside.append(drawSequence(found, ending));
  if (found.again.length > 0) {
    inside.append(element("div", { class: "again" },
      element("p", { text: "See it again, in this broker or another" }),
      element("pre", { tabindex: "0", text: found.again.join("\n") })));
  }
};

// Toggle events do not bubble, but they can be captured.
document.addEventListener("toggle", ({ target }) => {
  if (target.open && target.matches(".case")) drawCase(target);
}, true);

const search = document.getElementById("search");
const pressed = (name) =>
  [...document.querySelectorAll(`[data-filter="${name}"][aria-pressed="true"]`)].map((b) => b.value);
const texts = new Map();
const textOf = (statement) => {
  if (!texts.has(statement)) texts.set(statement, statement.textContent.toLowerCase());
  return texts.get(statement);
};

const filter = () => {
  const [verdicts, levels] = [pressed("verdict"), pressed("level")];
  const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
  let shown = 0;
  for (const statement of statements) {
    const { verdict, level } = statement.dataset;
    const fits = (verdicts.length === 0 || verdicts.includes(verdict))
      && (levels.length === 0 || levels.includes(level))
      && words.every((word) => textOf(statement).includes(word));
    statement.hidden = !fits;
    if (fits) shown += 1;
  }
  for (const section of sections) {
    section.hidden = !section.querySelector(".statement:not([hidden])");
  }
  const all = statements.length;
  document.getElementById("count").textContent =
    shown === all ? `${all} statements` : `${shown} of ${all} statements`;
  document.getElementById("nothing").hidden = shown > 0;
};

// Words of cases count before any of them is drawn: afterwards packets would count too.
for (const statement of statements) textOf(statement);
search.addEventListener("input", filter);
for (const button of document.querySelectorAll("[data-filter]")) {
  button.addEventListener("click", () => {
    button.setAttribute("aria-pressed", String(button.getAttribute("aria-pressed") !== "true"));
    filter();
  });
}
document.getElementById("clear").addEventListener("click", () => {
  for (const button of document.querySelectorAll("[data-filter]")) button.setAttribute("aria-pressed", "false");
  search.value = "";
  filter();
  search.focus();
});
document.addEventListener("keydown", (event) => {
  if (event.key !== "/" || event.target.matches("input")) return;
  event.preventDefault();
  search.focus();
});

// A link names a statement by its id, and a case by its address: #MQTT-3.1.0-2, #connect/first.
const openLinked = () => {
  const name = decodeURIComponent(location.hash.slice(1));
  const target = name.includes("/")
    ? document.querySelector(`.case[data-address="${CSS.escape(name)}"]`)
    : document.getElementById(name);
  if (!target?.matches("details")) return;
  for (let at = target; at; at = at.parentElement?.closest("details")) {
    if (at.hidden) document.getElementById("clear").click();
    at.open = true;
  }
  target.scrollIntoView();
  target.querySelector("summary").focus({ preventScroll: true });
};
addEventListener("hashchange", openLinked);
filter();
openLinked();
