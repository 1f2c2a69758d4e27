"""The connections to a server under test: WebSocket, HTTP, TLS, and the target that names it."""
