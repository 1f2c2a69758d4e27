// The usual chat application of Socket.IO: rooms, messages to everybody in the room, and notices of joins and leaves.
// Usage: node chat.mjs PORT
import { createServer } from "node:http";
import { Server } from "socket.io";

const server = createServer();
const io = new Server(server);

io.on("connection", (socket) => {
  const { user } = socket.handshake.query;

  socket.on("join room", (room) => {
    socket.join(room);
    socket.emit("joined", room);
    io.to(room).emit("user joined", { user });
  });

  socket.on("chat message", (text) => {
    for (const room of socket.rooms) {
      if (room !== socket.id) io.to(room).emit("chat message", { user, text });
    }
  });

  socket.on("disconnecting", () => {
    for (const room of socket.rooms) {
      if (room !== socket.id) socket.to(room).emit("user left", { user });
    }
  });
});

server.listen(Number(process.argv[2]), "127.0.0.1");
