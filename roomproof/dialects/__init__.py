"""Dialects: how a service makes rooms, takes connections, frames messages. Pure.

The judges and the scenarios know Message, Notice, Error and Pong (roomproof.spec.messages), and no wire format. A
Dialect stands wherever the harness touches the wire. It is told everything as arguments, and returns what to send.

| member of a Dialect | result |
|---|---|
| `native()`, `read_dialect(tables, file)` | a Dialect (native.py, reader.py) |
| `without`, `expressible(rule)` | what the service lacks; whether the dialect can show that a rule is kept |
| `users`, `columns` | where the users come from; the columns that their rows must have |
| `known_as(session)`, `known_beforehand(session)` | the name by which others know a connection |
| `affinity`, `instance_header` | what a front goes by, and the header in which it names an instance |
| `rooms.create(name, creator, random, fields)` | the Request that makes a room; None where rooms need not be made |
| `rooms.id_of(answer, random)` | the id of the room in an answer |
| `rooms.add(room, users, creator)` | the list of Request that adds participants |
| `handshakes.handshake(session)` | a Handshake: path, query, headers, subprotocols, origin |
| `frames.begin(session)` | Progress: the frames to send first, also without secrets, and whether the opening is done |
| `frames.advance(progress, frame)` | Progress after a received frame |
| `frames.say(content, session, number, extra)` | the frame that sends a message, as str or bytes |
| `frames.payload(content, session, number)` | the same frame as the bytes of a WebSocket message |
| `frames.read(frame, room)` | a messages.Frame, or Unmatched |
| `frames.read_payload(payload, room, is_binary)` | the same from the bytes of a WebSocket message, for load |
| `frames.read_sent(frame)` | a messages.Sending, or Upkeep |
| `frames.answer(frame, session)` | the answer to a keep-alive of the server, or None |
| `frames.heartbeat_s`, `frames.heartbeat(session)` | the keep-alive that a client sends by itself |
| `frames.leave(session)` | the frame that a client sends before its Close frame, or None |
| `frames.has_answers`, `has_binary`, `says_binary` | what load need not look for |
| `frames.bad_frames`, `frames.ping(session)` | frames that no client may send; the ping of FRAME-7 |

`session.redacted()` lacks the secrets of its user. What is made with it is to be recorded or shown; for
requests, that is `shown`. `shown_received` and `shown_sent` (shown.py) tell people how a frame was read.

A Session (session.py) is what is known of one connection: its room, the row of its user, and what the opening taught.
It is a value: an opening returns a new one. Rows hold secrets, so neither they nor a Session show them.

| file | what is inside |
|---|---|
| template.py, pointer.py, timestamps.py, filling.py | values with placeholders, and paths into frames |
| rooms.py, handshakes.py, frames.py | the three parts of a dialect |
| native.py, native_frames.py, bad_frames.py | PROTOCOL.md itself |
| declared_frames.py, hearing.py, envelope.py, wire.py | frames as a file declares them |
| format.py, reader.py, reader_requests.py, reader_frames.py, names.py, place.py | the file format, and its errors |
| users.py, affinity.py, session.py, shown.py | users, fronts, connections; frames as people read them |
| codecs/ | json, text, socketio, phoenix, actioncable, and codecs of entry points |
"""
