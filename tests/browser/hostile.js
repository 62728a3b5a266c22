// A broker that would like to run a script in the page of whoever judges it.

import net from "node:net";

export const HOSTILE =
  `</script><script>window.stolen = 1</script><!--<img src=x onerror="window.stolen = 2">`;

const CONNACK = Buffer.from([0x20, 2, 0, 0]);

const publish = (topic, payload) => {
  const name = Buffer.from(topic);
  const body = Buffer.concat([Buffer.from([name.length >> 8, name.length & 255]), name, Buffer.from(payload)]);
  // One octet of Remaining Length is enough only below 128.
  const length = [(body.length & 127) | 128, body.length >> 7];
  return Buffer.concat([Buffer.from([0x30, ...length]), body]);
};

/** Listens on a port of its own, and answers whatever comes first by a CONNACK and a message. */
export const startHostile = () =>
  new Promise((resolve) => {
    const server = net.createServer((socket) => {
      socket.on("error", () => socket.destroy());
      socket.once("data", () => socket.write(Buffer.concat([CONNACK, publish(HOSTILE, HOSTILE)])));
    });
    server.listen(0, "127.0.0.1", () => resolve(server));
  });
