// The same load in k6: every virtual user opens all its sockets on one event loop, counts deliveries, verifies nothing.
import { WebSocket } from "k6/experimental/websockets";
import { setTimeout, setInterval, clearInterval } from "k6/timers";
import { Counter } from "k6/metrics";
import http from "k6/http";

const url = __ENV.TARGET;
const [rooms, members, rate, bytes, seconds] = __ENV.SHAPE.split(",").map(Number);
const delivered = new Counter("delivered");
export const options = { vus: 1, iterations: 1, summaryTrendStats: [] };

export default function () {
  const sockets = [];
  const timers = [];
  const text = "x".repeat(bytes);
  const body = JSON.stringify({ name: "bench", created_by: "bench" });
  for (let room = 0; room < rooms; room++) {
    const { id } = http.post(`${url}/api/chats`, body, { headers: { "content-type": "application/json" } }).json();
    for (let member = 0; member < members; member++) {
      const ws = new WebSocket(`${url.replace("http", "ws")}/api/chats/ws/${id}?user_id=u${room}-${member}`);
      const at = sockets.push(ws);
      ws.onmessage = () => delivered.add(1);
      ws.onopen = () =>
        setTimeout(() => {
          const say = () => ws.readyState === 1 && ws.send(JSON.stringify({ type: "message", content: text }));
          timers.push(setInterval(say, 1000 / rate));
        }, 1000 + (1000 / rate) * (at / (rooms * members)));
    }
  }
  setTimeout(() => {
    timers.forEach((timer) => clearInterval(timer));
    sockets.forEach((ws) => ws.close());
  }, (seconds + 2) * 1000);
}
