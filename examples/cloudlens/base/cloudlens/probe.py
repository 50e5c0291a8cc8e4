"""The image's health check: exit code 0 when /ready answers 200. Plain sockets, because it runs
every second."""

import socket
import sys

with socket.create_connection(("127.0.0.1", 8000), timeout=4) as connection:
    connection.sendall(b"GET /ready HTTP/1.0\r\nHost: localhost\r\n\r\n")
    status = connection.makefile("rb").readline()
sys.exit(0 if b" 200 " in status else status.decode(errors="replace") or "no answer")
