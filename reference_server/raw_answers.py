"""Answers over HTTP that are sent without the application. Pure."""

import json


def error_body(reason: str) -> bytes:
    """Return the body of an answer that gives the reason of an error."""
    return json.dumps({"error": reason}).encode()


def error_headers(body: bytes) -> list[tuple[bytes, bytes]]:
    """Return the headers of an error after which the link ends."""
    return [
        (b"content-type", b"application/json"),
        (b"content-length", str(len(body)).encode()),
        (b"access-control-allow-origin", b"*"),  # as cors.py has it for all other answers
        (b"connection", b"close"),
    ]


def unavailable(reason: str) -> bytes:
    """Return a whole answer of status 503."""
    body = error_body(reason)
    headers = b"".join(b"%s: %s\r\n" % header for header in error_headers(body))
    return b"HTTP/1.1 503 Service Unavailable\r\n" + headers + b"\r\n" + body
