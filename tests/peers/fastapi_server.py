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
"""A longer frame is answered with 1009 (DELIVER-13, FRAME-3)."""

OUTBOX_BYTES = 4 * 1024 * 1024
"""A member further behind than this is closed with 1013 (CLOSE-5)."""


def parse(text: str) -> dict[str, Any]:
    """The JSON object in the text. Raises ValueError for anything else, NaN and bottomless nesting included."""

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
    """UTC that never goes backwards, whatever happens to the system's clock (DELIVER-9)."""

    def __init__(self) -> None:
        self._last = datetime.min.replace(tzinfo=UTC)

    def now(self) -> str:
        self._last = max(self._last, datetime.now(UTC))
        return self._last.isoformat()


@dataclass(eq=False)
class Member:
    user_id: str
    websocket: WebSocket
    outbox: asyncio.Queue[str] = field(default_factory=asyncio.Queue)
    backlog: int = 0

    def offer(self, frame: str) -> bool:
        """Queue a frame for the writer. False, and nothing queued, if the member is too far behind already."""
        if self.backlog + len(frame) > OUTBOX_BYTES:
            return False
        self.backlog += len(frame)
        self.outbox.put_nowait(frame)
        return True

    async def write(self) -> None:
        """Send what was offered, at the pace of this member. The reader, not the writer, finds the end of the link."""
        with contextlib.suppress(WebSocketDisconnect, RuntimeError):
            while True:
                frame = await self.outbox.get()
                await self.websocket.send_text(frame)
                self.backlog -= len(frame)


@dataclass
class Room:
    chat_id: str
    participants: dict[str, None]
    answer: JSONResponse
    """To the creation, kept for `GET`: the fields do not change."""
    members: dict[Member, None] = field(default_factory=dict)

    def join(self, member: Member) -> None:
        self.members[member] = None
        self._tell({"type": "system", "content": f"{member.user_id} joined the chat"})

    def leave(self, member: Member) -> None:
        """Announce the leave, once: who was closed with 1013 has left by the time its link ends."""
        if member in self.members:
            del self.members[member]
            self._tell({"type": "system", "content": f"{member.user_id} left the chat"})

    def hear(self, speaker: Member, text: str | None) -> None:
        """Broadcast a valid message, answer anything else (text is None for a binary frame)."""
        if speaker not in self.members:
            return
        try:
            frame = parse(text or "")
            if frame.get("type") == "ping":
                self._answer(speaker, {"type": "pong", "timestamp": clock.now()})
            else:
                self._tell({"type": "message", "content": content_of(frame), "sender_id": speaker.user_id})
        except ValueError as bad:
            self._answer(speaker, {"type": "error", "content": f"bad frame: {str(bad)!a}"})

    def _tell(self, item: dict[str, str]) -> None:
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
    """The content of a valid message. Raises ValueError if it is not one."""
    content = frame.get("content")
    if frame.get("type") != "message":
        raise ValueError("type must be message or ping")
    if not isinstance(content, str) or not content:
        raise ValueError("content must be a non-empty string")
    content.encode()  # a lone surrogate is a ValueError
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
    """Parsed here because FastAPI's own parser takes NaN, UTF-16 and more that is not JSON in UTF-8."""
    return parse((await request.body()).decode())


def existing(chat_id: str) -> Room:
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
    answer = JSONResponse(fields, 201)  # a ValueError for what no JSON in UTF-8 can say: 1e999, lone surrogates
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
            room.hear(member, event.get("text"))
            await asyncio.sleep(0)  # the writers' turn: a burst must not make quick readers look slow
    finally:
        room.leave(member)
        writer.cancel()
    return None


class Server(uvicorn.Server):
    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        host, port = self.servers[0].sockets[0].getsockname()[:2]
        sys.stdout.write(f"listening on http://{host}:{port}\n")
        sys.stdout.flush()


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--host", default="127.0.0.1")
    arguments.add_argument("--port", type=int, default=8000)
    options = arguments.parse_args()
    sys.setrecursionlimit(5_000)  # the 4,096 bytes of metadata of CREATE-3 can nest 2,000 deep
    config = uvicorn.Config(
        app,
        host=options.host,
        port=options.port,
        ws=Link,
        ws_max_size=FRAME_BYTES,
        ws_ping_interval=None,  # no heartbeat: uvicorn's would close with 1011
        ws_per_message_deflate=False,
        log_level="warning",
        timeout_graceful_shutdown=int(CLOSE_GRACE),
    )
    with contextlib.suppress(KeyboardInterrupt):  # how uvicorn hands a SIGINT on, after a clean end
        Server(config).run()


if __name__ == "__main__":
    main()
