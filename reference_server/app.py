"""The application, put together from its routes and error handlers.

It runs under any ASGI server.
"""

import logging

from quart import Quart, Response, request, websocket
from werkzeug.exceptions import HTTPException

from reference_server.answers import error_answer
from reference_server.bodies import BodyError, BodyTooLong
from reference_server.cors import allow_every_origin
from reference_server.errors import Unavailable
from reference_server.handshake import add_websocket_route
from reference_server.http_routes import add_room_routes, add_status_routes
from reference_server.instance import Instance
from reference_server.log import origin
from reference_server.page import add_page
from reference_server.store import Store, TooLarge

_HTTP_ERRORS = {
    400: "expected a WebSocket handshake here",
    404: "there is nothing at this path",
    405: "this path takes other methods; the header Allow names them",
}

_log = logging.getLogger(__name__)


def create_app(store: Store, instance: Instance, *, participants_only: bool = False) -> Quart:
    """Return the application that serves the rooms of this store.

    With ``participants_only``, it refuses users who are no participants of a room.
    """
    app = Quart(__name__, static_folder=None)
    app.config["MAX_CONTENT_LENGTH"] = None  # the routes limit their bodies themselves
    allow_every_origin(app)
    add_page(app)
    add_room_routes(app, store, instance)
    add_status_routes(app, instance)
    add_websocket_route(app, store, instance, participants_only=participants_only)
    _add_error_handlers(app)
    return app


def _add_error_handlers(app: Quart) -> None:
    """Answer every error with a JSON object."""

    @app.errorhandler(BodyError)
    async def bad_body(error: BodyError) -> Response:
        return error_answer(400, str(error))

    @app.errorhandler(Unavailable)
    async def unavailable(error: Unavailable) -> Response:
        _log.warning("refused path=%r: %s", (request or websocket).path, error)
        return error_answer(503, str(error))

    @app.errorhandler(BodyTooLong)
    @app.errorhandler(TooLarge)
    async def too_large(error: Exception) -> Response:
        return error_answer(413, str(error))

    @app.errorhandler(HTTPException)
    async def http_error(error: HTTPException) -> Response:
        status = error.code or 500
        response = error_answer(status, _HTTP_ERRORS.get(status, error.description or error.name))
        response.headers.extend((name, value) for name, value in error.get_headers() if name.lower() != "content-type")
        return response

    @app.errorhandler(Exception)
    async def crash(error: Exception) -> Response:
        _log.error("error: %s", origin(error))
        return error_answer(500, "the server broke; its log says where")
