// The HTML reports as people use them: in Chromium, by mouse and by keyboard, on a desk and on a
// phone. MQTTSPEC names the program, CHROMIUM the browser; both have defaults.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import fs from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { after, before, describe, test } from "node:test";
import { pathToFileURL } from "node:url";
import { promisify } from "node:util";

import { chromium } from "playwright-core";

import { HOSTILE, startHostile } from "./hostile.js";

const MQTTSPEC = path.resolve(process.env.MQTTSPEC ?? "target/release/mqttspec");
const FLAGS = [
  "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
  "--disable-background-networking", "--disable-component-update", "--disable-sync",
];

const run = promisify(execFile);
let browser, folder;

// A report is made for subjects that fail too: only a missing page is an error.
const mqttspec = (...given) =>
  run(MQTTSPEC, given, { cwd: folder, timeout: 120_000 }).catch((error) => {
    if (error.code !== 1) throw error;
  });

before(async () => {
  folder = await fs.mkdtemp(path.join(os.tmpdir(), "mqttspec-browser-"));
  const hostile = await startHostile();
  const target = `127.0.0.1:${hostile.address().port}`;
  await mqttspec("test", "--quiet", "--html", "good.html", "--json", "good.json");
  await mqttspec("test", target, "--quiet", "--timeout", "2", "--keep-alive-tolerance", "2",
    "--filter", "p*/*", "--html", "bad.html", "--json", "bad.json");
  hostile.close();
  await mqttspec("compare", "good.json", "bad.json", "--quiet", "--html", "compare.html");
  browser = await chromium.launch({
    executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", args: FLAGS,
  });
});

after(async () => {
  await browser?.close();
  await fs.rm(folder, { recursive: true, force: true });
});

/** Opens a page, and sees to it that it asks for nothing, complains of nothing, and runs nothing. */
const visit = async (name, look, options = {}) => {
  const page = await browser.newPage({ viewport: { width: 1280, height: 900 }, ...options });
  page.setDefaultTimeout(10_000);
  const complaints = [];
  page.on("console", (message) => complaints.push(message.text()));
  page.on("pageerror", (error) => complaints.push(error.message));
  page.on("request", (request) => {
    if (!request.url().startsWith("file:")) complaints.push(request.url());
  });
  try {
    await page.goto(pathToFileURL(path.join(folder, name)).href);
    await look(page);
    assert.deepEqual(complaints, []);
    assert.equal(await page.evaluate(() => window.stolen), undefined);
    assert.equal(await page.evaluate(() => document.querySelectorAll("img, iframe").length), 0);
  } finally {
    await page.close();
  }
};

const shown = (page) => page.locator(".statement:visible").count();

describe("the page of one run", () => {
  test("is small and opens at once", async () => {
    const { size } = await fs.stat(path.join(folder, "good.html"));
    assert.ok(size < 3_000_000, `${size} octets`);
    await visit("good.html", async (page) => {
      // Processor time, since a busy machine may take its time over anything.
      const inspector = await page.context().newCDPSession(page);
      await inspector.send("Performance.enable", { timeDomain: "threadTicks" });
      await page.reload();
      const { metrics } = await inspector.send("Performance.getMetrics");
      const { value: seconds } = metrics.find(({ name }) => name === "TaskDuration");
      assert.ok(seconds > 0 && seconds < 2, `${seconds} s of work`);
      // Nothing is drawn before somebody asks for it.
      assert.equal(await page.locator(".sequence").count(), 0);
    });
  });

  test("filters by verdict, level and words", () => visit("bad.html", async (page) => {
    const all = await shown(page);
    const failed = page.locator('[data-filter="verdict"][value="fail"]');
    await failed.click();
    assert.equal(await failed.getAttribute("aria-pressed"), "true");
    const some = await shown(page);
    assert.ok(some > 0 && some < all, `${some} of ${all}`);
    assert.equal(await page.locator(".statement.fail:visible").count(), some);
    assert.match(await page.locator("#count").textContent(), new RegExp(`^${some} of ${all} `));

    await page.locator('[data-filter="level"][value="must"]').click();
    const must = await shown(page);
    assert.equal(await page.locator('.statement[data-level="must"]:visible').count(), must);

    await page.keyboard.press("/");
    await page.keyboard.type("no words like these");
    assert.equal(await shown(page), 0);
    assert.ok(await page.locator("#nothing").isVisible());
    await page.locator("#clear").click();
    assert.equal(await shown(page), all);
  }));

  test("opens a statement, a case and a packet by keyboard alone", () =>
    visit("good.html", async (page) => {
      const statement = page.locator("[id='MQTT-3.3.1-9']");
      await statement.locator("> summary").focus();
      await page.keyboard.press("Enter");
      await page.keyboard.press("Tab");
      await page.keyboard.press("Enter");
      const sequence = statement.locator(".sequence").first();
      await sequence.waitFor();
      const packet = sequence.locator("button.packet", { hasText: "CONNECT" }).first();
      assert.match(await packet.textContent(), /^\d+ ms, .+ to subject: CONNECT client=/);
      await packet.focus();
      await page.keyboard.press("Enter");
      assert.equal(await packet.getAttribute("aria-expanded"), "true");
      assert.match(await sequence.locator(".octets pre").textContent(), /^0000 {2}10 .*MQTT/);
      await page.keyboard.press("Enter");
      assert.equal(await sequence.locator(".octets").count(), 0);
    }));

  test("shows what was expected and seen", () => visit("bad.html", async (page) => {
    const wrong = page.locator(".list > .case.fail").first();
    await wrong.locator("summary").click();
    assert.equal(await wrong.locator("dt").first().textContent(), "Expected");
    assert.ok(await wrong.locator(".rules a").count() > 0);
    // From a case to a statement, and there the statement is open.
    const id = await wrong.locator(".rules a").first().textContent();
    await wrong.locator(".rules a").first().click();
    await page.locator(`[id='${id}'][open]`).waitFor();
  }));

  test("shows hostile text as text", () => visit("bad.html", async (page) => {
    for (const summary of await page.locator(".list > .case > summary").all()) await summary.click();
    const packet = page.locator("button.packet", { hasText: "window.stolen" }).first();
    await packet.click();
    assert.ok((await packet.textContent()).includes(HOSTILE.slice(0, 20)));
  }));

  test("goes where a link points, also past filters", () => visit("good.html", async (page) => {
    await page.locator('[data-filter="verdict"][value="not-judged"]').click();
    await page.evaluate(() => { location.hash = "#MQTT-3.1.0-2"; });
    await page.locator("[id='MQTT-3.1.0-2'][open]").waitFor();
  }));

  test("turns dark and light, and remembers", () => visit("good.html", async (page) => {
    const ground = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
    const dark = await ground();
    await page.locator(".theme").click();
    const light = await ground();
    assert.notEqual(light, dark);
    await page.reload();
    assert.equal(await ground(), light);
  }, { colorScheme: "dark" }));

  test("fits a phone", () => visit("bad.html", async (page) => {
    await page.locator(".list > .case > summary").first().click();
    await page.locator(".sequence").first().waitFor();
    const over = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
    assert.equal(over, 0);
  }, { viewport: { width: 360, height: 740 } }));

  test("has a name for each control and no id twice", () => visit("good.html", async (page) => {
    const wrong = await page.evaluate(() => {
      const ids = [...document.querySelectorAll("[id]")].map((element) => element.id);
      const named = (e) => e.textContent.trim() !== "" || e.getAttribute("aria-label");
      const nameless = [...document.querySelectorAll("button, summary, input, a")].filter((e) => !named(e));
      return [...ids.filter((id, at) => ids.indexOf(id) !== at), ...nameless.map((e) => e.outerHTML)];
    });
    assert.deepEqual(wrong, []);
  }));
});

describe("the page of many runs", () => {
  test("filters the rows that differ", () => visit("compare.html", async (page) => {
    const rows = page.locator(".row[data-kinds]:visible");
    const all = await rows.count();
    await page.getByRole("button", { name: "Only one fails" }).click();
    const some = await rows.count();
    assert.ok(some > 0 && some < all, `${some} of ${all}`);
    assert.equal(await page.locator('.row[data-kinds~="only-one"]:visible').count(), some);
    await page.getByRole("searchbox").fill("no words like these");
    assert.equal(await rows.count(), 0);
  }));

  test("says what is broken, and shows hostile text as text", () =>
    visit("compare.html", async (page) => {
      assert.ok(await page.locator(".changes[open] li").count() > 0);
      assert.match(await page.locator("main").textContent(), /does not all pass in bad/);
    }));
});
