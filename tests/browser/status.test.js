// The status page of the broker as people use it: in Chromium, by mouse and by keyboard, on a desk
// and on a phone. MQTTSPEC names the program, CHROMIUM the browser; both have defaults.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import fs from "node:fs/promises";
import net from "node:net";
import os from "node:os";
import path from "node:path";
import readline from "node:readline";
import { after, before, describe, test } from "node:test";

import { chromium } from "playwright-core";

const MQTTSPEC = path.resolve(process.env.MQTTSPEC ?? "target/release/mqttspec");
const FLAGS = [
  "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
  "--disable-background-networking", "--disable-component-update", "--disable-sync",
];
const TOKEN = "a-token-of-enough-characters";
const HOSTILE = "<img src=x onerror=\"window.stolen=1\">";

let browser, folder;
const brokers = [];

/** Starts a broker; where it takes MQTT and where it serves HTTP. */
const start = async (...given) => {
  const broker = spawn(MQTTSPEC, ["broker", "--volatile", "--bind", "127.0.0.1:0", "--http", "127.0.0.1:0", ...given],
    { cwd: folder, stdio: ["ignore", "ignore", "pipe"] });
  brokers.push(broker);
  const found = {};
  for await (const line of readline.createInterface({ input: broker.stderr })) {
    found.port ??= line.match(/mqtt:\/\/127\.0\.0\.1:(\d+)/)?.[1];
    found.url ??= line.match(/status on (http:\S+)/)?.[1];
    if (found.port && found.url) break;
  }
  broker.stderr.resume();
  return found;
};

const text = (value) => {
  const octets = Buffer.from(value);
  return Buffer.concat([Buffer.from([octets.length >> 8, octets.length & 255]), octets]);
};
const packet = (first, ...parts) => {
  const body = Buffer.concat(parts);
  assert.ok(body.length < 128);
  return Buffer.concat([Buffer.from([first, body.length]), body]);
};
const connect = (client, flags = 2) =>
  packet(0x10, text("MQTT"), Buffer.from([4, flags, 0, 60]), text(client));

/** Sends packets, and waits until as many octets have come back, or the end. */
const say = (port, octets, answer) => new Promise((resolve, reject) => {
  const socket = net.connect(port, "127.0.0.1", () => socket.write(octets));
  let came = 0;
  socket.on("data", (data) => { came += data.length; if (came >= answer) resolve(socket); });
  socket.on("close", () => resolve(socket));
  socket.on("error", reject);
});

/** Opens the page, and sees to it that it asks for nothing elsewhere and complains of nothing. */
const visit = async ({ url }, look, options = {}, expected = []) => {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, ...options });
  const page = await context.newPage();
  page.setDefaultTimeout(15_000);
  const complaints = [];
  page.on("console", (message) => complaints.push(message.text()));
  page.on("pageerror", (error) => complaints.push(error.message));
  page.on("request", (request) => {
    if (!request.url().startsWith(url) && !request.url().startsWith("data:")) complaints.push(request.url());
  });
  try {
    await page.goto(url);
    await look(page);
    assert.deepEqual(complaints.filter((one) => !expected.some((part) => one.includes(part))), []);
    assert.equal(await page.evaluate(() => window.stolen), undefined);
  } finally {
    await context.close();
  }
};

let open, closed;

before(async () => {
  folder = await fs.mkdtemp(path.join(os.tmpdir(), "mqttspec-status-"));
  await fs.writeFile(path.join(folder, "token"), TOKEN);
  browser = await chromium.launch({
    executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", args: FLAGS,
  });
  open = await start("--max-queued-messages", "3");
  closed = await start("--http-token-file", "token");
  // An absent client with a subscription, messages for it, and more than have room.
  const subscribe = packet(0x82, Buffer.from([0, 1]), text("t"), Buffer.from([1]));
  (await say(open.port, Buffer.concat([connect("absent", 0), subscribe]), 9)).destroy();
  const publish = [2, 3, 4, 5, 6].map((id) => packet(0x32, text("t"), Buffer.from([0, id]), Buffer.from("m")));
  const publisher = await say(open.port, Buffer.concat([connect("publisher"), ...publish]), 24);
  brokers.push({ kill: () => publisher.destroy() });
  // Somebody whose name is markup sends what only a server does, twice.
  for (let time = 0; time < 2; time += 1) {
    await say(open.port, Buffer.concat([connect(HOSTILE), packet(0xd0)]), 99);
  }
});

after(async () => {
  await browser?.close();
  brokers.forEach((broker) => broker.kill());
  await fs.rm(folder, { recursive: true, force: true });
});

const tile = (page, name) => page.locator(`#tiles div[data-key="${name}"] span`);
const rows = (page, id) => page.locator(`#${id} tbody tr`);

describe("the status of a broker", () => {
  test("names who broke which statement, and what that means", async () => {
    await visit(open, async (page) => {
      const row = rows(page, "violations").first();
      await row.waitFor();
      assert.equal(await rows(page, "violations").count(), 1);
      const cells = await row.locator("td").allTextContents();
      assert.deepEqual(cells.slice(0, 4), ["MQTT-4.8.0-1", HOSTILE, "127.0.0.1", "2"]);
      assert.match(cells[5], /PINGRESP/);
      await row.locator("a").click();
      await page.waitForURL(/statements/);
      assert.equal(await page.locator("h1").textContent(), "MQTT-4.8.0-1 MUST");
      await page.locator("a").click();
      await rows(page, "violations").first().waitFor();
    });
  });

  test("shows queues, limits and rates", async () => {
    await visit(open, async (page) => {
      await rows(page, "sessions").first().waitFor();
      const cells = await rows(page, "sessions").first().locator("td").allTextContents();
      assert.deepEqual([cells[0], cells[1], cells[2], cells[5]], ["absent", "no", "3", "2"]);
      assert.equal(await tile(page, "Dropped").textContent(), "2");
      assert.equal(await tile(page, "Clients").textContent(), "1");
      const bound = page.locator('#bounds tr[data-key="max_queued_messages"] td');
      assert.deepEqual(await bound.allTextContents(), ["max_queued_messages", "3", "2"]);
      const allows = page.locator("#bounds td:nth-child(2)");
      const told = await allows.allTextContents();
      for (const one of ["10 s", "3.0 MiB", "no bound"]) assert.ok(told.includes(one), `${told}`);
    });
  });

  test("is live, keeps the focus meanwhile, and can be paused by keyboard", async () => {
    await visit(open, async (page) => {
      const link = rows(page, "violations").first().locator("a");
      await link.waitFor();
      await link.focus();
      const other = await say(open.port, connect("other"), 4);
      await page.waitForFunction(() =>
        document.querySelector('#tiles div[data-key="Clients"] span').textContent === "2");
      assert.equal(await page.evaluate(() => document.activeElement.textContent), "MQTT-4.8.0-1");
      await page.locator("#pause").focus();
      await page.keyboard.press("Enter");
      assert.equal(await page.locator("#pause").getAttribute("aria-pressed"), "true");
      other.destroy();
      let asked = 0;
      page.on("request", () => { asked += 1; });
      await page.waitForTimeout(2_500);
      assert.equal(asked, 0);
      await page.keyboard.press("Enter");
      await page.waitForFunction(() =>
        document.querySelector('#tiles div[data-key="Clients"] span').textContent === "1");
    });
  });

  for (const colorScheme of ["dark", "light"]) {
    test(`is readable on a phone, ${colorScheme}`, async () => {
      const options = { viewport: { width: 360, height: 740 }, colorScheme };
      await visit(open, async (page) => {
        await rows(page, "violations").first().waitFor();
        const { wide, colours } = await page.evaluate(() => {
          const { color, backgroundColor } = getComputedStyle(document.body);
          return { wide: document.documentElement.scrollWidth, colours: [color, backgroundColor] };
        });
        assert.ok(wide <= 360, `${wide} pixels wide`);
        const [front, back] = colours.map((colour) =>
          colour.match(/\d+/g).slice(0, 3).reduce((sum, part) => sum + Number(part), 0) / 3);
        assert.ok(colorScheme === "dark" ? front - back > 150 : back - front > 150, `${colours}`);
        if (process.env.SHOTS) {
          await page.screenshot({ path: `${process.env.SHOTS}/phone-${colorScheme}.png`, fullPage: true });
          await page.setViewportSize({ width: 1280, height: 900 });
          await page.screenshot({ path: `${process.env.SHOTS}/desk-${colorScheme}.png`, fullPage: true });
        }
      }, options);
    });
  }

  test("asks for the token, and forgets a wrong one", async () => {
    await visit(closed, async (page) => {
      await page.locator("#token:focus").waitFor();
      await page.keyboard.type("wrong");
      await page.keyboard.press("Enter");
      await page.getByText("this is not its token").waitFor();
      await page.locator("#token").fill(TOKEN);
      await page.keyboard.press("Enter");
      await tile(page, "Clients").waitFor();
      assert.equal(await page.locator("#ask").isVisible(), false);
      await page.reload();
      await tile(page, "Clients").waitFor();
    }, {}, ["401"]);
  });
});
