// Drives MQTT.js, the client for Node.js: npm install mqtt
//
// Commands on standard input, events on standard output; README.md has both.

import { createRequire } from "node:module";
import { createInterface } from "node:readline";
import { pathToFileURL } from "node:url";

// The library is looked for where the judge was started, not beside this file.
const require = createRequire(pathToFileURL(`${process.cwd()}/`));
const mqtt = require("mqtt");
const { version } = require("mqtt/package.json");

let client;

const tell = (event, fields = {}) => console.log(JSON.stringify({ event, ...fields }));

// Answers a command when its callback is called.
const answer = (id, event, fields) => (error, result) =>
  error ? tell("error", { id, message: String(error) }) : tell(event, { id, ...fields?.(result) });

const commands = {
  connect({ host, port, client_id, clean_session, keep_alive, username, password, will, websocket }) {
    const url = websocket ? `ws://${host}:${port}${websocket}` : `mqtt://${host}:${port}`;
    client = mqtt.connect(url, {
      clientId: client_id,
      clean: clean_session,
      keepalive: keep_alive,
      protocolVersion: 4,
      username,
      password,
      will: will && { topic: will.topic, payload: will.payload, qos: will.qos, retain: will.retain },
      // The judge says when to connect again, and what to subscribe to.
      reconnectPeriod: 0,
      resubscribe: false,
    });
    client.on("connect", ({ sessionPresent }) => tell("connected", { session_present: sessionPresent }));
    client.on("message", (topic, payload, { qos, retain }) =>
      tell("message", { topic, payload: payload.toString(), qos, retain }));
    client.on("close", () => tell("closed"));
    client.on("error", (error) => tell("error", { message: String(error) }));
  },
  // Without its stores it would begin anew.
  reconnect: () => client.reconnect({ incomingStore: client.incomingStore, outgoingStore: client.outgoingStore }),
  publish: ({ id, topic, payload, qos, retain }) =>
    client.publish(topic, payload, { qos, retain }, answer(id, "published")),
  subscribe({ id, filters }) {
    const asked = Object.fromEntries(filters.map(({ filter, qos }) => [filter, { qos }]));
    client.subscribe(asked, answer(id, "subscribed", (granted) => ({ codes: granted.map(({ qos }) => qos) })));
  },
  unsubscribe: ({ id, filters }) => client.unsubscribe(filters, answer(id, "unsubscribed")),
  disconnect: () => client.end(),
};

tell("ready", { name: "MQTT.js", version });
createInterface({ input: process.stdin })
  .on("line", (line) => {
    const command = JSON.parse(line);
    try {
      commands[command.do](command);
    } catch (error) {
      tell("error", { id: command.id, message: String(error) });
    }
  })
  .on("close", () => process.exit());
