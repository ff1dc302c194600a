#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Captures one connection on the loopback of its own network namespace. Called by program.py.
lifeline=$1
ip link set lo up || exit 77
out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT
"$lifeline" timeline -o jsonl -i lo --time-wait 0.5 > "$out/events" 2> "$out/errors" &
pid=$!
sleep 1
python3 - <<'END'
import socket
server = socket.create_server(("127.0.0.1", 8080))
client = socket.create_connection(("127.0.0.1", 8080))
peer, _ = server.accept()
client.sendall(b"hello")
peer.recv(100)
client.close()
peer.close()
END
for ((i = 0; i < 50; i++)); do
    sleep 0.2
    grep -q '"timer"' "$out/events" && break
done
cat "$out/events"
echo --interrupted--
kill -INT $pid
wait $pid
status=$?
cat "$out/errors" >&2
exit $status
