"""A compatible chat server on FastAPI and uvicorn, written from PROTOCOL.md alone.

Capabilities: fetch, health, ping. Rooms live in memory. A refused connection is accepted first, then closed with 4004
(1008 without a user id).
"""

import argparse
import asyncio
import contextlib
import json
import secrets
import socket
import sys
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Annotated, Any, NoReturn
from urllib.parse import parse_qs

import uvicorn
from fastapi import Depends, FastAPI, HTTPException, Request, Response, WebSocket, WebSocketDisconnect
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from tests.peers.uvicorn_link import CLOSE_GRACE, Link

FRAME_BYTES = 65_536
"""Maximum size of a frame.

A longer one is answered with 1009 (DELIVER-13, FRAME-3)."""

OUTBOX_BYTES = 4 * 1024 * 1024
"""Maximum size of the queued frames.

A member further behind is closed with 1013 (CLOSE-5)."""


def parse(text: str) -> dict[str, Any]:
    """Return the JSON object in the text.

    Raises ValueError for anything else, NaN and deep nesting included.
    """

    def refuse(constant: str) -> NoReturn:
        raise ValueError(f"{constant} is not JSON")

    try:
        value = json.loads(text, parse_constant=refuse)
    except RecursionError:
        raise ValueError("nested too deeply") from None
    if not isinstance(value, dict):
        raise ValueError('expected a JSON object such as {"type":"message","content":"..."}')  # noqa: TRY004
    return value


class Clock:
    """A UTC clock that never goes back, even if the system's clock does (DELIVER-9)."""

    def __init__(self) -> None:
        self._last = datetime.min.replace(tzinfo=UTC)

    def now(self) -> str:
        """Return the current time as a timestamp."""
        self._last = max(self._last, datetime.now(UTC))
        return self._last.isoformat()


@dataclass(eq=False)
class Member:
    """One connection in a room, and the frames that it has still to be sent."""

    user_id: str
    websocket: WebSocket
    outbox: asyncio.Queue[str] = field(default_factory=asyncio.Queue)
    backlog: int = 0

    def offer(self, frame: str) -> bool:
        """Queue a frame. Return False, and queue nothing, if the member is too far behind."""
        if self.backlog + len(frame) > OUTBOX_BYTES:
            return False
        self.backlog += len(frame)
        self.outbox.put_nowait(frame)
        return True

    async def write(self) -> None:
        """Send the queued frames, at the pace of this member.

        The end of the link is noticed by the reader, not here.
        """
        with contextlib.suppress(WebSocketDisconnect, RuntimeError):
            while True:
                frame = await self.outbox.get()
                await self.websocket.send_text(frame)
                self.backlog -= len(frame)


@dataclass
class Room:
    """A room and its members."""

    chat_id: str
    participants: dict[str, None]
    answer: JSONResponse
    """The answer to its creation, which `GET` repeats: its fields never change."""
    members: dict[Member, None] = field(default_factory=dict)

    def join(self, member: Member) -> None:
        """Add a member and announce it."""
        self.members[member] = None
        self._broadcast({"type": "system", "content": f"{member.user_id} joined the chat"})

    def leave(self, member: Member) -> None:
        """Remove a member and announce its leave, unless it has left before."""
        if member in self.members:
            del self.members[member]
            self._broadcast({"type": "system", "content": f"{member.user_id} left the chat"})

    def receive(self, sender: Member, text: str | None) -> None:
        """Broadcast a valid message, or answer any other frame.

        `text` is None for a binary frame.
        """
        if sender not in self.members:
            return
        try:
            frame = parse(text or "")
            if frame.get("type") == "ping":
                self._answer(sender, {"type": "pong", "timestamp": clock.now()})
            else:
                self._broadcast({"type": "message", "content": content_of(frame), "sender_id": sender.user_id})
        except ValueError as bad:
            self._answer(sender, {"type": "error", "content": f"bad frame: {str(bad)!a}"})

    def _broadcast(self, item: dict[str, str]) -> None:
        frame = json.dumps(item | {"chat_id": self.chat_id, "timestamp": clock.now()})
        self._drop([member for member in self.members if not member.offer(frame)])

    def _answer(self, member: Member, direct: dict[str, str]) -> None:
        if not member.offer(json.dumps(direct)):
            self._drop([member])

    def _drop(self, behind: list[Member]) -> None:
        for member in behind:
            member.websocket.state.shut(1013)
            self.leave(member)


def content_of(frame: dict[str, Any]) -> str:
    """Return the content of a valid message. Raises ValueError for any other frame."""
    content = frame.get("content")
    if frame.get("type") != "message":
        raise ValueError("type must be message or ping")
    if not isinstance(content, str) or not content:
        raise ValueError("content must be a non-empty string")
    content.encode()  # raises ValueError for a lone surrogate
    return content


class NewRoom(BaseModel):
    model_config = ConfigDict(strict=True)
    name: str
    created_by: str
    metadata: dict[str, Any] = Field(default_factory=dict)


class NewParticipants(BaseModel):
    model_config = ConfigDict(strict=True)
    participant_ids: list[str]


async def json_body(request: Request) -> dict[str, Any]:
    """Parse a request body.

    FastAPI's own parser also accepts NaN, UTF-16 and other non-JSON.
    """
    return parse((await request.body()).decode())


def existing(chat_id: str) -> Room:
    """Return a room. Raises HTTPException with 404 if there is none of this id."""
    if chat_id not in rooms:
        raise HTTPException(404, "no such chat")
    return rooms[chat_id]


app = FastAPI()
clock = Clock()
rooms: dict[str, Room] = {}


@app.exception_handler(ValueError)
async def bad_body(_: Request, bad: ValueError) -> JSONResponse:
    reason = [f"{e['loc']}: {e['msg']}" for e in bad.errors()] if isinstance(bad, ValidationError) else str(bad)
    return JSONResponse({"error": ascii(reason)}, 422)


@app.post("/api/chats")
async def create(body: Annotated[dict[str, Any], Depends(json_body)]) -> Response:
    new = NewRoom.model_validate(body)
    chat_id = secrets.token_urlsafe(12)
    fields = {"id": chat_id, "name": new.name, "metadata": new.metadata, "created_at": clock.now()}
    answer = JSONResponse(fields, 201)  # raises ValueError for 1e999 and lone surrogates
    rooms[chat_id] = Room(chat_id, {new.created_by: None}, answer)
    return answer


@app.get("/api/chats/ws/stats")
async def stats() -> dict[str, Any]:
    active = [room for room in rooms.values() if room.members]
    return {
        "total_connections": sum(len(room.members) for room in active),
        "active_rooms": [room.chat_id for room in active],
        "rooms_count": len(active),
    }


@app.get("/api/chats/{chat_id}")
async def fetch(room: Annotated[Room, Depends(existing)]) -> Response:
    return Response(room.answer.body, media_type="application/json")


@app.post("/api/chats/{chat_id}/participants")
async def add(
    room: Annotated[Room, Depends(existing)], body: Annotated[dict[str, Any], Depends(json_body)]
) -> Response:
    room.participants |= dict.fromkeys(NewParticipants.model_validate(body).participant_ids)
    return JSONResponse({"participant_count": len(room.participants)})


@app.get("/health")
async def health() -> dict[str, str]:
    return {"status": "ok"}


@app.websocket("/api/chats/ws/{chat_id:path}")
async def connect(websocket: WebSocket, chat_id: str) -> None:
    await websocket.accept()
    try:
        [user_id, *_] = parse_qs(websocket.url.query, errors="strict")["user_id"]
    except (KeyError, ValueError):
        return await websocket.close(1008, "user_id is missing")
    if chat_id not in rooms:
        return await websocket.close(4004, "no such chat")

    room, member = rooms[chat_id], Member(user_id, websocket)
    writer = asyncio.create_task(member.write())
    room.join(member)
    try:
        while (event := await websocket.receive())["type"] != "websocket.disconnect":
            room.receive(member, event.get("text"))
            await asyncio.sleep(0)  # let the writers run: a burst must not make fast readers look slow
    finally:
        room.leave(member)
        writer.cancel()
    return None


class Server(uvicorn.Server):
    """uvicorn, which prints its URL once it serves."""

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        host, port = self.servers[0].sockets[0].getsockname()[:2]
        sys.stdout.write(f"listening on http://{host}:{port}\n")
        sys.stdout.flush()


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--host", default="127.0.0.1")
    arguments.add_argument("--port", type=int, default=8000)
    arguments.add_argument("--deflate", action="store_true", help="compress messages where the client offers it")
    options = arguments.parse_args()
    sys.setrecursionlimit(5_000)  # 4,096 bytes of metadata (CREATE-3) can be nested 2,000 deep
    config = uvicorn.Config(
        app,
        host=options.host,
        port=options.port,
        ws=Link,
        ws_max_size=FRAME_BYTES,
        ws_ping_interval=None,  # no heartbeat, because uvicorn's closes with 1011
        ws_per_message_deflate=options.deflate,
        log_level="warning",
        timeout_graceful_shutdown=int(CLOSE_GRACE),
    )
    with contextlib.suppress(KeyboardInterrupt):  # raised by uvicorn for a SIGINT, after a clean end
        Server(config).run()


if __name__ == "__main__":
    main()
