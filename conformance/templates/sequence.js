// Draws a transcript as a sequence diagram. Everything from the subject goes in as text, never as
// markup: `element` sets textContent and attributes, and nothing here parses HTML.

const element = (name, options = {}, ...children) => {
  const { text, vars, ...attributes } = options;
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  for (const [key, value] of Object.entries(vars ?? {})) made.style.setProperty(key, value);
  if (text !== undefined) made.textContent = text;
  made.append(...children);
  return made;
};

// The subject stands between the peers, so that few arrows cross a column: right of half of them.
const layOut = (peers) => {
  const subject = Math.ceil(peers.length / 2);
  return { subject, lanes: peers.length + 1, of: (peer) => (peer < subject ? peer : peer + 1) };
};

const hexDump = (hex) => {
  const octets = hex.match(/../g).map((pair) => Number.parseInt(pair, 16));
  const columns = matchMedia("(max-width: 40rem)").matches ? 8 : 16;
  const lines = [];
  for (let at = 0; at < octets.length; at += columns) {
    const row = octets.slice(at, at + columns);
    const digits = row.map((octet) => octet.toString(16).padStart(2, "0")).join(" ");
    const signs = row.map((o) => (o >= 0x20 && o < 0x7f ? String.fromCharCode(o) : "·")).join("");
    lines.push(`${at.toString(16).padStart(4, "0")}  ${digits.padEnd(columns * 3 - 1)}  ${signs}`);
  }
  return lines.join("\n");
};

const packetLabel = (text) => {
  const end = text.search(/[\s,]/);
  const [name, rest] = end < 0 ? [text, ""] : [text.slice(0, end), text.slice(end)];
  return element("span", { class: "label" }, element("b", { text: name }), rest);
};

const drawStep = ([ms, peer, bySubject, packet, hex, cut], peers, lanes) => {
  const [mine, theirs] = [lanes.of(peer), lanes.subject];
  const [from, to] = bySubject ? [theirs, mine] : [mine, theirs];
  const [source, target] = bySubject ? ["subject", peers[peer]] : [peers[peer], "subject"];
  const vars = { "--left": Math.min(from, to), "--width": Math.abs(from - to) };
  const kind = hex === "" ? "event" : "message";
  const looks = [kind, from < to ? "right" : "left", bySubject ? "got" : "sent"];
  if (packet.includes(", malformed")) looks.push("bad");
  const inside = [
    element("span", { class: "unseen", text: `${ms} ms, ${source} to ${target}: ` }),
    element("span", { class: "span" }, packetLabel(packet)),
    element("span", { class: "arrow" }),
  ];
  const line = hex === ""
    ? element("div", { class: `packet ${looks.join(" ")}`, vars }, ...inside)
    : element("button", {
        class: `packet ${looks.join(" ")}`, type: "button", "aria-expanded": "false",
        title: "Show the octets", vars,
      }, ...inside);
  const step = element("li", {},
    element("div", { class: "step" },
      element("span", { class: "ms", "aria-hidden": "true", text: ms }),
      element("div", { class: "lanes" }, line)));
  if (hex !== "") line.addEventListener("click", () => toggleOctets(step, line, packet, hex, cut));
  return step;
};

const toggleOctets = (step, button, packet, hex, cut) => {
  const open = step.querySelector(".octets");
  button.setAttribute("aria-expanded", String(!open));
  if (open) return open.remove();
  const count = hex.length / 2;
  const size = cut ? `first ${count} octets` : `${count} octet${count === 1 ? "" : "s"}`;
  step.append(element("div", { class: "octets" },
    element("p", {}, packet, element("span", { class: "soft", text: ` (${size})` })),
    element("pre", { tabindex: "0", text: hexDump(hex) })));
};

const drawSequence = ({ peers, steps, leftOut }, ending) => {
  const lanes = layOut(peers);
  const heads = peers.map((name) => element("span", { class: "head", text: name }));
  heads.splice(lanes.subject, 0, element("span", { class: "head subject", text: "subject" }));
  const canvas = element("div", { class: "canvas", vars: { "--lanes": lanes.lanes } },
    element("div", { class: "heads", "aria-hidden": "true" },
      element("span", { class: "ms", text: "ms" }), element("div", {}, ...heads)));
  if (leftOut > 0) {
    const text = `${leftOut} earlier lines are in the JSON report`;
    canvas.append(element("p", { class: "left-out", text }));
  }
  canvas.append(element("ol", {}, ...steps.map((step) => drawStep(step, peers, lanes))));
  const packets = steps.filter((step) => step[4] !== "").length;
  const figure = element("figure", { class: "sequence" },
    element("figcaption", {},
      element("span", { text: `${packets} packet${packets === 1 ? "" : "s"}; press one for its octets` })),
    element("div", { class: "scroll", tabindex: "0", role: "group", "aria-label": "Transcript" }, canvas));
  if (ending) figure.append(ending);
  return figure;
};
