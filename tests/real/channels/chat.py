"""The chat application of the tutorial of Django Channels.

Beyond the tutorial, a message names its sender. REDIS is the URL of a Redis.
"""

import json
import os
from typing import Any
from urllib.parse import parse_qs

import django
from channels.generic.websocket import AsyncWebsocketConsumer
from channels.routing import ProtocolTypeRouter, URLRouter
from django.conf import settings
from django.urls import path

# redis-py 8 gives up a read after 5 s by default, and channels_redis waits for longer.
HOST = {"address": os.environ.get("REDIS", "redis://localhost"), "socket_timeout": None}

settings.configure(
    CHANNEL_LAYERS={"default": {"BACKEND": "channels_redis.core.RedisChannelLayer", "CONFIG": {"hosts": [HOST]}}}
)
django.setup()


class ChatConsumer(AsyncWebsocketConsumer):  # type: ignore[misc]  # the types environment has no Channels
    """A member of a room."""

    async def connect(self) -> None:
        """Join the group of the room, then accept."""
        self.group = f"chat_{self.scope['url_route']['kwargs']['room_name']}"
        self.user = parse_qs(self.scope["query_string"].decode())["user"][0]
        await self.channel_layer.group_add(self.group, self.channel_name)
        await self.accept()

    async def disconnect(self, code: int) -> None:  # noqa: ARG002  # as Channels calls it
        """Leave the group of the room."""
        await self.channel_layer.group_discard(self.group, self.channel_name)

    async def receive(self, text_data: str) -> None:
        """Send a message to the group."""
        message = json.loads(text_data)["message"]
        await self.channel_layer.group_send(self.group, {"type": "chat.message", "message": message, "user": self.user})

    async def chat_message(self, event: dict[str, Any]) -> None:
        """Send a message of the group to the client."""
        await self.send(text_data=json.dumps({"message": event["message"], "user": event["user"]}))


application = ProtocolTypeRouter({"websocket": URLRouter([path("ws/chat/<str:room_name>/", ChatConsumer.as_asgi())])})
