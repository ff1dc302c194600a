#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Captures one connection on the loopback of its own network namespace: live.sh PROGRAM PART. Called
# by program.py.
lifeline=$1
ip link set lo up || exit 77
out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT

# What happens is printed while the capture runs, what only time tells, too.
events() {
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
}

# One connection, then nothing: interrupted before what is told of it could have arrived late.
remaining() {
    "$lifeline" time-wait -o jsonl -i lo > "$out/records" 2> "$out/errors" &
    pid=$!
    sleep 1
    python3 - <<'END'
import socket, time
server = socket.create_server(("127.0.0.1", 8080))
client = socket.create_connection(("127.0.0.1", 8080))
peer, _ = server.accept()
client.close()
peer.close()
time.sleep(0.4)
END
}

# The program sleeps while more is sent than the kernel's buffer holds; the connection stays open.
drops() {
    "$lifeline" connections -o jsonl -i lo > "$out/records" 2> "$out/errors" &
    pid=$!
    sleep 1
    grep -E '^(Uid|CapEff|NoNewPrivs):' "/proc/$pid/status"
    python3 - $pid <<'END'
import os, signal, socket, sys, threading, time
program = int(sys.argv[1])
server = socket.create_server(("127.0.0.1", 8080))
client = socket.create_connection(("127.0.0.1", 8080))
peer, _ = server.accept()
client.sendall(b"hello")
time.sleep(1)
os.kill(program, signal.SIGSTOP)
total = 64 << 20
sender = threading.Thread(target=client.sendall, args=(bytes(total),))
sender.start()
while total > 0:
    total -= len(peer.recv(1 << 20))
sender.join()
os.kill(program, signal.SIGCONT)
time.sleep(1)
client.sendall(b"goodbye")
time.sleep(0.5)
os.kill(program, signal.SIGINT)
time.sleep(1)
END
    echo --interrupted--
}

"$2"
kill -INT $pid 2> /dev/null
wait $pid
status=$?
[ "$2" = events ] || cat "$out/records"
cat "$out/errors" >&2
exit $status
