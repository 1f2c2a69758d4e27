// Clients of socket.io-client say something and disconnect at once. Usage: node last_words.mjs URL
import { once } from "node:events";
import { io } from "socket.io-client";

const GUESTS = 40;
const PATIENCE_MS = 5000;

async function join(user) {
  const socket = io(process.argv[2], { query: { user }, transports: ["websocket"], forceNew: true });
  socket.emit("join room", "kitchen");
  await once(socket, "user joined");
  return socket;
}

const alice = await join("alice");
const heard = new Set();
const gone = new Set();
const events = [];
alice.on("chat message", ({ user, text }) => heard.add(user) && events.push(`${user}: ${text}`));
alice.on("user left", ({ user }) => gone.add(user) && events.push(`${user} left`));

for (let number = 1; number <= GUESTS; number++) {
  const guest = await join(`guest-${number}`);
  guest.emit("chat message", "good bye");
  guest.disconnect();
}

const deadline = Date.now() + PATIENCE_MS;
while (gone.size < GUESTS && Date.now() < deadline) await new Promise((resolve) => setTimeout(resolve, 20));
alice.disconnect();
console.log(events.slice(0, 8).join("\n"));
console.log(`${gone.size} guests left, and the last words of ${gone.size - heard.size} were lost`);
