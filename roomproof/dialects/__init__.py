"""How a service says what the judge understands: rooms, handshakes and frames. Pure.

The judges and the scenarios know Message, Notice, Error and Pong (roomproof.spec.messages). A Dialect stands wherever
the harness touches the wire. It does nothing itself: it is told everything as arguments, and returns what to send.

    dialect = native() or read_dialect(tables, file)    dialect.py, file/reader.py

    dialect.name, .without                              what it lacks: a frozenset of Need
    dialect.expressible(rule)                           whether it can show that a rule is kept
    dialect.affinity, .instance_header                  what a front goes by, and how it names an instance
    dialect.users, .columns                             who the users are, and the columns that their rows must have

    dialect.rooms.create(name, creator, random)         Request, or None where rooms need not be made
    dialect.rooms.id_of(answer, random)                 the id of the room
    dialect.rooms.add(room, users, creator)             list of Request
    dialect.handshakes.handshake(session)               Handshake: path, query, headers, subprotocols, origin

    dialect.frames.begin(session)                       Progress: frames to send, whether the opening is done
    dialect.frames.advance(progress, frame)             Progress after a received frame
    dialect.frames.say(content, session, number)        the frame that sends a message, str or bytes
    dialect.frames.payload(content, session, number)    the same as the bytes of a WebSocket message
    dialect.frames.read(frame, room)                    a messages.Frame, or Unmatched
    dialect.frames.read_text(frame, room)               the same of a text frame in bytes, for load
    dialect.frames.read_sent(frame)                     a messages.Sending, or Upkeep
    dialect.frames.answer(frame, session)               the reply to a keep-alive, or None
    dialect.frames.heartbeat                            seconds between the client's own keep-alives, or None
    dialect.frames.bad_frames                           frames that no client may send

A Session (session.py) is what is known of one connection: its room, the row of its user, and what the opening taught.
It is a value: an opening returns a new one. Rows hold secrets, so neither they nor a Session show them.

`file/` reads a dialect that a target file declares. `codecs/` frames its values: json, text, socketio, phoenix,
actioncable, or a codec of the user's own (entry point group `roomproof.dialects`).
"""
