"""A client of a server under test: WebSocket, HTTP, TLS, and the target."""
