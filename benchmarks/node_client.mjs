// A bare load loop on Node and ws: it counts deliveries and verifies nothing.
//
// node node_client.mjs URL ROOMS MEMBERS RATE BYTES SECONDS prints one line of JSON.

import { createRequire } from "node:module";
import { resolve } from "node:path";

const { WebSocket } = createRequire(resolve(import.meta.dirname, "../tests/peers/node/package.json"))("ws");
const [url, rooms, members, rate, bytes, seconds] = process.argv.slice(2).map((word, at) => (at ? Number(word) : word));

const interval = 1000 / rate;
// The share of the interval that each waits first: as even as Roomproof's, and as far apart within a room.
const phase = (at) => (at * 0.6180339887498949) % 1;
let delivered = 0;
let sent = 0;

/** Resolves to an open socket. */
function connect(chatId, userId) {
  return new Promise((done, fail) => {
    const ws = new WebSocket(`${url.replace("http", "ws")}/api/chats/ws/${chatId}?user_id=${userId}`, {
      perMessageDeflate: false,
    });
    ws.on("open", () => done(ws)).on("error", fail);
    ws.on("message", () => delivered++);
  });
}

const sockets = [];
for (let room = 0; room < rooms; room++) {
  const answer = await fetch(`${url}/api/chats`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ name: "bench", created_by: "bench" }),
  });
  const { id } = await answer.json();
  for (let member = 0; member < members; member++) sockets.push(await connect(id, `u${room}-${member}`));
}

const text = "x".repeat(bytes);
const timers = [];
for (const [at, ws] of sockets.entries()) {
  const say = () => {
    sent++;
    ws.send(JSON.stringify({ type: "message", content: text }));
  };
  timers.push(setTimeout(() => timers.push(setInterval(say, interval)), interval * phase(at)));
}

const pause = (ms) => new Promise((done) => setTimeout(done, ms));
await pause(2000);
const [deliveredBefore, sentBefore, cpuBefore, begin] = [delivered, sent, process.cpuUsage(), performance.now()];
await pause(seconds * 1000);
const cpu = process.cpuUsage(cpuBefore);
const took = (performance.now() - begin) / 1000;
const count = delivered - deliveredBefore;
console.log(
  JSON.stringify({
    delivered: count,
    rate: count / took,
    asked: rooms * members * members * rate,
    sent: sent - sentBefore,
    cpu_us_per_delivery: (cpu.user + cpu.system) / count,
  }),
);
process.exit(0);
