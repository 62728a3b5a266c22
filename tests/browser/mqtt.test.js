// MQTT.js, which nobody here wrote, in a real browser, with the broker over ws:// and wss://.
// MQTTSPEC names the program, CHROMIUM the browser; both have defaults.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import http from "node:http";
import path from "node:path";
import readline from "node:readline";
import { after, before, describe, test } from "node:test";
import { fileURLToPath } from "node:url";

import { chromium } from "playwright-core";

const MQTTSPEC = path.resolve(process.env.MQTTSPEC ?? "target/release/mqttspec");
const MQTT_JS = fileURLToPath(new URL("node_modules/mqtt/dist/mqtt.min.js", import.meta.url));
const FLAGS = [
  "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
  "--disable-background-networking", "--disable-component-update", "--disable-sync",
  // The certificate of the broker is one that nobody has signed.
  "--ignore-certificate-errors",
];

let browser, broker, site;
const urls = {};

before(async () => {
  broker = spawn(MQTTSPEC, [
    "broker", "--volatile", "--tls-self-signed",
    "--listen", "ws://127.0.0.1:0/mqtt", "--listen", "wss://127.0.0.1:0/mqtt",
  ], { stdio: ["ignore", "ignore", "pipe"] });
  for await (const line of readline.createInterface({ input: broker.stderr })) {
    const url = line.match(/ on ((wss?):\/\/[^,\s]+)/);
    if (url) urls[url[2]] = url[1];
    if (urls.ws && urls.wss) break;
  }
  broker.stderr.resume();
  site = http.createServer((_, answer) => {
    answer.setHeader("content-type", "text/html");
    answer.end("<!doctype html><link rel=icon href=data:,><title>MQTT.js</title>");
  });
  await new Promise((listening) => site.listen(0, "127.0.0.1", listening));
  browser = await chromium.launch({
    executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", args: FLAGS,
  });
});

after(async () => {
  await browser?.close();
  site?.close();
  broker?.kill();
});

/** A tab with MQTT.js, in which `open` connects to the broker, and each client keeps what comes. */
const tab = async () => {
  const page = await browser.newPage();
  page.setDefaultTimeout(15_000);
  await page.goto(`http://127.0.0.1:${site.address().port}/`);
  await page.addScriptTag({ path: MQTT_JS });
  await page.evaluate(() => {
    const within = (promise, what) => Promise.race([promise, new Promise((_, reject) =>
      setTimeout(() => reject(new Error(`no ${what}`)), 10_000))]);
    window.open_client = async (url, options = {}) => {
      const client = mqtt.connect(url, { protocolVersion: 4, reconnectPeriod: 0, ...options });
      const came = [];
      let look = () => {};
      client.on("message", (topic, payload, { qos, retain, dup }) => {
        came.push({ topic, payload: [...payload], qos, retain, dup });
        look();
      });
      const connack = await within(new Promise((resolve, reject) => {
        client.on("connect", resolve);
        client.on("error", reject);
        client.on("close", () => reject(new Error("the connection was closed")));
      }), "CONNACK");
      const messages = (count) => within(new Promise((resolve) => {
        look = () => came.length >= count && resolve(came);
        look();
      }), `${count} messages`);
      return { client, messages, present: connack.sessionPresent };
    };
  });
  return page;
};

for (const scheme of ["ws", "wss"]) {
  describe(`MQTT.js in Chromium over ${scheme}`, () => {
    test("each QoS brings its messages once and in order", async () => {
      const page = await tab();
      const came = await page.evaluate(async (url) => {
        const reader = await open_client(url);
        const writer = await open_client(url);
        const granted = await reader.client.subscribeAsync({ "q/0": { qos: 0 }, "q/1": { qos: 1 }, "q/2": { qos: 2 } });
        for (let number = 0; number < 50; number += 1) {
          for (const qos of [0, 1, 2]) {
            await writer.client.publishAsync(`q/${qos}`, new Uint8Array([number, 0, 255]), { qos });
          }
        }
        const came = await reader.messages(150);
        await reader.client.endAsync();
        await writer.client.endAsync();
        return { granted: granted.map(({ qos }) => qos), came };
      }, urls[scheme]);
      assert.deepEqual(came.granted, [0, 1, 2]);
      assert.equal(came.came.length, 150);
      for (const qos of [0, 1, 2]) {
        const ofQos = came.came.filter(({ topic }) => topic === `q/${qos}`);
        assert.deepEqual(ofQos.map(({ payload }) => payload[0]), [...Array(50).keys()]);
        assert.ok(ofQos.every((one) => one.qos === qos && !one.retain && !one.dup && one.payload[2] === 255));
      }
      await page.close();
    });

    test("a large message comes whole", async () => {
      const page = await tab();
      const same = await page.evaluate(async (url) => {
        const { client, messages } = await open_client(url);
        await client.subscribeAsync("large", { qos: 1 });
        const octets = new Uint8Array(1_000_000).map((_, place) => place * 7);
        await client.publishAsync("large", octets, { qos: 1 });
        const [{ payload }] = await messages(1);
        client.end();
        return payload.length === octets.length && octets.every((octet, place) => octet === payload[place]);
      }, urls[scheme]);
      assert.ok(same);
      await page.close();
    });

    test("what is retained is there for who comes later, until it is taken away", async () => {
      const page = await tab();
      const came = await page.evaluate(async (url) => {
        const { client } = await open_client(url);
        await client.publishAsync("kept/1", "value", { qos: 1, retain: true });
        const later = await open_client(url);
        await later.client.subscribeAsync("kept/#", { qos: 2 });
        const came = [...await later.messages(1)];
        await client.publishAsync("kept/1", "", { qos: 1, retain: true });
        await later.messages(2);
        const last = await open_client(url);
        await last.client.subscribeAsync("kept/#");
        await last.client.subscribeAsync("fence");
        await last.client.publishAsync("fence", "!");
        came.push((await last.messages(1))[0].topic);
        [client, later.client, last.client].forEach((one) => one.end());
        return came;
      }, urls[scheme]);
      assert.deepEqual(came[0], {
        topic: "kept/1", payload: [...Buffer.from("value")], qos: 1, retain: true, dup: false,
      });
      assert.equal(came[1], "fence");
      await page.close();
    });

    test("a tab that is closed leaves its Will", async () => {
      const [heir, victim] = [await tab(), await tab()];
      await heir.evaluate(async (url) => {
        window.heir = await open_client(url);
        await window.heir.client.subscribeAsync("will", { qos: 1 });
      }, urls[scheme]);
      await victim.evaluate(async (url) => {
        await open_client(url, { will: { topic: "will", payload: "gone", qos: 1, retain: false } });
      }, urls[scheme]);
      await victim.close();
      const [will] = await heir.evaluate(() => window.heir.messages(1));
      assert.equal(Buffer.from(will.payload).toString(), "gone");
      await heir.close();
    });

    test("a session outlives the tab, and brings what came meanwhile", async () => {
      const session = { clientId: `tab-${scheme}`, clean: false };
      const first = await tab();
      const present = await first.evaluate(async ([url, session]) => {
        const { client, present } = await open_client(url, session);
        await client.subscribeAsync("meanwhile", { qos: 2 });
        return present;
      }, [urls[scheme], session]);
      assert.equal(present, false);
      await first.close();
      const second = await tab();
      const came = await second.evaluate(async ([url, session]) => {
        const writer = await open_client(url);
        for (const qos of [1, 2]) {
          await writer.client.publishAsync("meanwhile", `at ${qos}`, { qos });
        }
        const { client, messages, present } = await open_client(url, session);
        const came = await messages(2);
        await client.endAsync();
        writer.client.end();
        return { present, came: came.map(({ qos }) => qos) };
      }, [urls[scheme], session]);
      assert.deepEqual(came, { present: true, came: [1, 2] });
      await second.close();
    });
  });
}
