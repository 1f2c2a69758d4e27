// A compatible chat server on Node and ws, written from PROTOCOL.md alone.
//
// Capabilities: delete, total-order, and heartbeat=SECONDS with --heartbeat SECONDS. With --deflate it compresses. Rooms live in memory. A connection
// is refused in its handshake, with 403 (400 without a user id).

import { randomUUID } from "node:crypto";
import { createServer, STATUS_CODES } from "node:http";
import { parseArgs } from "node:util";
import { WebSocket, WebSocketServer } from "ws";

const FRAME_BYTES = 65_536; // a longer frame is answered with 1009 (DELIVER-13, FRAME-3)
const BODY_BYTES = 1024 * 1024; // a longer HTTP body is answered with 413
const BACKLOG_BYTES = 4 * 1024 * 1024; // a member further behind than this is closed with 1013 (CLOSE-5)
const CLOSE_GRACE = 3_000; // milliseconds from a Close frame to the end of a link that the client does not end

const { values: options } = parseArgs({
  options: {
    host: { type: "string", default: "127.0.0.1" },
    port: { type: "string", default: "8000" },
    heartbeat: { type: "string" },
    deflate: { type: "boolean", default: false },
  },
});

const rooms = new Map(); // chat id -> { members: Set of WebSockets }

// Time

let last = "";

/** Returns the UTC time, which never goes back, even if the system's clock does (DELIVER-9). */
function timestamp() {
  const now = new Date().toISOString();
  return (last = now > last ? now : last);
}

// Rooms. Everything here is synchronous: an item is queued for every socket before the next item (total-order).

function join(ws, chatId, userId) {
  Object.assign(ws, { chatId, userId, alive: true });
  rooms.get(chatId).members.add(ws);
  broadcast(chatId, { type: "system", content: `${userId} joined the chat` });
}

/** Removes a member and announces its leave, unless it has left before. */
function leave(ws) {
  const room = rooms.get(ws.chatId);
  if (room?.members.delete(ws)) broadcast(ws.chatId, { type: "system", content: `${ws.userId} left the chat` });
}

function receive(ws, data, isBinary) {
  if (!rooms.get(ws.chatId)?.members.has(ws)) return; // it has left, or the room was deleted
  const frame = isBinary ? undefined : parse(data);
  const reason = problem(frame);
  if (reason) answer(ws, { type: "error", content: reason });
  else broadcast(ws.chatId, { type: "message", content: frame.content, sender_id: ws.userId });
}

function broadcast(chatId, item) {
  const frame = Buffer.from(JSON.stringify({ ...item, chat_id: chatId, timestamp: timestamp() }));
  const { members } = rooms.get(chatId);
  for (const ws of members) ws.send(frame, { binary: false });
  for (const ws of [...members].filter(tooFarBehind)) ws.close(1013, "too far behind");
}

function answer(ws, direct) {
  ws.send(JSON.stringify(direct));
  if (tooFarBehind(ws)) ws.close(1013, "too far behind");
}

function tooFarBehind(ws) {
  return ws.bufferedAmount > BACKLOG_BYTES;
}

// JSON

/** Returns the JSON value in a buffer of UTF-8; undefined if there is none. */
function parse(bytes) {
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes));
  } catch {
    return undefined;
  }
}

function isObject(value) {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Returns what is wrong with a frame; undefined for a valid message. */
function problem(frame) {
  if (!isObject(frame)) return 'expected a JSON object such as {"type":"message","content":"..."}';
  if (frame.type !== "message") return "type must be message";
  if (typeof frame.content !== "string" || frame.content === "") return "content must be a non-empty string";
  if (!frame.content.isWellFormed()) return "content must not hold lone surrogates";
}

/** Rejects Infinity, which JSON.parse makes of 1e999. JSON.stringify would turn it into null. */
function finite(_, value) {
  if (typeof value === "number" && !Number.isFinite(value)) throw new RangeError("a number is out of range");
  return value;
}

// HTTP

class Refusal extends Error {
  constructor(status, message) {
    super(message);
    this.status = status;
  }
}

async function body(request) {
  const chunks = [];
  let size = 0;
  for await (const chunk of request) {
    size += chunk.length;
    if (size <= BODY_BYTES) chunks.push(chunk);
  }
  if (size > BODY_BYTES) throw new Refusal(413, "the body is too large");
  const value = parse(Buffer.concat(chunks));
  if (!isObject(value)) throw new Refusal(400, "expected a JSON object");
  return value;
}

function existing(chatId) {
  if (!rooms.has(chatId)) throw new Refusal(404, "no such chat");
  return rooms.get(chatId);
}

async function create(request) {
  const { name, created_by, metadata = {} } = await body(request);
  if (typeof name !== "string" || typeof created_by !== "string") {
    throw new Refusal(400, "name and created_by must be strings");
  }
  if (!isObject(metadata)) throw new Refusal(400, "metadata must be an object");
  const id = randomUUID();
  let text;
  try {
    text = JSON.stringify({ id, name, metadata, created_at: timestamp() }, finite);
  } catch (error) {
    throw new Refusal(400, error.message); // a number is out of range, or the nesting is too deep
  }
  rooms.set(id, { members: new Set() });
  return [201, text];
}

/** Checks the body, and stores nothing: every user may connect to a room that exists. */
async function addParticipants(request, chatId) {
  existing(chatId);
  const { participant_ids: ids } = await body(request);
  if (!Array.isArray(ids) || ids.some((id) => typeof id !== "string")) {
    throw new Refusal(400, "participant_ids must be an array of strings");
  }
  return [200, "{}"];
}

function remove(_, chatId) {
  const { members } = existing(chatId);
  rooms.delete(chatId);
  for (const ws of members) ws.close(4004, "the chat was deleted");
  return [204];
}

function stats() {
  const active = [...rooms].filter(([, room]) => room.members.size > 0);
  const total_connections = active.reduce((total, [, room]) => total + room.members.size, 0);
  const active_rooms = active.map(([chatId]) => chatId);
  return [200, JSON.stringify({ total_connections, active_rooms, rooms_count: active.length })];
}

const routes = [
  ["POST", /^\/api\/chats$/, create],
  ["GET", /^\/api\/chats\/ws\/stats$/, stats],
  ["POST", /^\/api\/chats\/([^/]+)\/participants$/, addParticipants],
  ["DELETE", /^\/api\/chats\/([^/]+)$/, remove],
];

async function route(request) {
  const [path] = request.url.split("?", 1);
  for (const [method, pattern, handler] of routes) {
    const match = request.method === method && pattern.exec(path);
    if (match) return handler(request, match[1]);
  }
  throw new Refusal(404, "no such resource");
}

async function serve(request, response) {
  let status, text;
  try {
    [status, text] = await route(request);
  } catch (error) {
    if (error.code === "ECONNRESET") return; // the client disconnected while it sent its body
    if (!(error instanceof Refusal)) throw error;
    [status, text] = [error.status, JSON.stringify({ error: error.message })];
  }
  response.writeHead(status, text && { "Content-Type": "application/json" }).end(text);
}

// WebSockets

class Member extends WebSocket {
  /** Closes the connection and leaves the room. ws also calls this after the client's Close frame. */
  close(code, reason) {
    super.close(code, reason);
    leave(this);
  }
}

const sockets = new WebSocketServer({
  noServer: true,
  WebSocket: Member,
  maxPayload: FRAME_BYTES,
  perMessageDeflate: options.deflate && { threshold: 0 },
  closeTimeout: CLOSE_GRACE,
});

/** Returns the user id, percent-decoded, with plus signs kept; undefined if it is not UTF-8. */
function userIdOf(query) {
  try {
    return decodeURIComponent(/(?:^|&)user_id=([^&]*)/.exec(query)?.[1] ?? "");
  } catch {
    return undefined;
  }
}

function refuse(socket, status, reason) {
  const text = JSON.stringify({ error: reason });
  socket.on("error", () => {}); // the client might have disconnected; 'close' follows
  socket.write(`HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\nConnection: close\r\nContent-Type: application/json\r\n`);
  socket.write(`Content-Length: ${Buffer.byteLength(text)}\r\n\r\n${text}`);
  socket.destroySoon();
}

function connect(request, socket, head) {
  const [path, query] = request.url.split("?", 2);
  const chatId = /^\/api\/chats\/ws\/([^/]+)$/.exec(path)?.[1];
  const userId = userIdOf(query);
  if (!rooms.has(chatId)) return refuse(socket, 403, "no such chat");
  if (!userId) return refuse(socket, 400, "user_id is missing");
  sockets.handleUpgrade(request, socket, head, (ws) => {
    ws.on("message", (data, isBinary) => receive(ws, data, isBinary));
    ws.on("pong", () => (ws.alive = true));
    ws.on("close", () => leave(ws));
    ws.on("error", () => {}); // a bad frame, or a reset: ws closes, and 'close' follows
    socket.on("end", () => ws.terminate()); // ws alone would notice a FIN only after the client has read its backlog
    join(ws, chatId, userId);
  });
}

/** Pings all clients, and closes those that did not answer the last ping (LEAVE-5). Runs twice in a heartbeat. */
function pingAll() {
  for (const ws of sockets.clients) {
    if (!ws.alive) ws.close(1013, "no answer to a ping");
    ws.alive = false;
    ws.ping();
  }
}

// Process

const server = createServer(serve).on("upgrade", connect);
server.listen(Number(options.port), options.host, () => {
  console.log(`listening on http://${options.host}:${server.address().port}`);
});
if (options.heartbeat) setInterval(pingAll, (Number(options.heartbeat) * 1000) / 2);

for (const signal of ["SIGTERM", "SIGINT"]) {
  process.once(signal, () => {
    for (const ws of sockets.clients) ws.close(1001, "the server shuts down");
    sockets.close(() => process.exit());
    setTimeout(() => process.exit(), CLOSE_GRACE);
  });
}
