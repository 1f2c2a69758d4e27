// The same load in k6, whose virtual users open one socket each. They count deliveries; with CHECKS=yes they parse each,
// check that it is a frame of the protocol, and time it, which is what k6 has to offer for verifying.
import { check } from "k6";
import exec from "k6/execution";
import { WebSocket } from "k6/experimental/websockets";
import http from "k6/http";
import { Counter, Trend } from "k6/metrics";
import { clearInterval, setInterval, setTimeout } from "k6/timers";

const url = __ENV.TARGET;
const [rooms, members, rate, bytes, seconds] = __ENV.SHAPE.split(",").map(Number);
const delivered = new Counter("delivered");
const took = new Trend("took", true);
const executor = "per-vu-iterations";
export const options = { scenarios: { chat: { executor, vus: rooms * members, iterations: 1 } }, summaryTrendStats: [] };

export function setup() {
  const body = JSON.stringify({ name: "bench", created_by: "bench" });
  const params = { headers: { "content-type": "application/json" } };
  return Array.from({ length: rooms }, () => http.post(`${url}/api/chats`, body, params).json().id);
}

const isFrame = { "a frame of the protocol": (frame) => frame.type === "message" || frame.type === "system" };

const plain = "x".repeat(bytes);

function text() {
  return __ENV.CHECKS === "yes" ? `${Date.now()} `.padEnd(bytes, "x") : plain;
}

function verify(frame) {
  check(frame, isFrame);
  if (frame.type === "message") took.add(Date.now() - parseInt(frame.content));
}

function take(event) {
  if (__ENV.CHECKS === "yes") verify(JSON.parse(event.data));
  delivered.add(1);
}

export default function (chats) {
  const at = exec.vu.idInTest - 1;
  const chat = chats[Math.floor(at / members)];
  const ws = new WebSocket(`${url.replace("http", "ws")}/api/chats/ws/${chat}?user_id=u${at}`);
  const interval = 1000 / rate;
  const phase = (at * 0.6180339887498949) % 1;
  let timer;
  const say = () => ws.send(JSON.stringify({ type: "message", content: text() }));
  const begin = () => (timer = setInterval(say, interval));
  const end = () => {
    clearInterval(timer);
    ws.close();
  };
  ws.onmessage = take;
  ws.onopen = () => {
    setTimeout(begin, 1000 + interval * phase);
    setTimeout(end, (seconds + 2) * 1000);
  };
}
