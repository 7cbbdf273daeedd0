"""Requests and answers as they go over the wire, for what http.client would make nicer than it is."""

import base64
import http.client


def request_bytes(door, method, target, headers=(), body=b"", version="1.1", host="localhost"):
    """A request as it goes over the wire; host None: without Host."""
    lines = [f"{method} {target} HTTP/{version}"]
    if host is not None:
        lines.append(f"Host: {host}")
    lines += [f"{name}: {value}" for name, value in [*door.headers, *headers]]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1") + body


def chunked(*pieces, trailers=()):
    """A chunked body."""
    text = b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in pieces) + b"0\r\n"
    return text + "".join(f"{name}: {value}\r\n" for name, value in trailers).encode() + b"\r\n"


def upgrade_headers(protocol="websocket"):
    """Those of a WebSocket's handshake, always with the same key."""
    return [("Connection", "Upgrade"), ("Upgrade", protocol), ("Sec-WebSocket-Version", "13"),
            ("Sec-WebSocket-Key", base64.b64encode(bytes(range(16))).decode())]


class Head:
    """Status line and headers of an answer, and what came behind them."""

    def __init__(self, sock):
        received = b""
        while b"\r\n\r\n" not in received:
            piece = sock.recv(4096)
            if not piece:
                raise AssertionError(f"closed before the end of the header: {received!r}")
            received += piece
        text, _, self.rest = received.partition(b"\r\n\r\n")
        first, *lines = text.decode("latin-1").split("\r\n")
        self.version, status, *reason = first.split(" ", 2)
        self.status = int(status)
        self.reason = "".join(reason)
        self.headers = [tuple(line.split(": ", 1)) for line in lines]

    def values(self, name):
        return [value for other, value in self.headers if other.lower() == name.lower()]

    def __repr__(self):
        return f"<{self.version} {self.status} {self.reason} {self.headers} {self.rest[:200]!r}>"


class WholeAnswer:
    """An answer read to its end, with its headers as they came."""

    def __init__(self, sock, method="GET"):
        response = http.client.HTTPResponse(sock, method=method)
        try:
            response.begin()
            self.version = response.version
            self.status = response.status
            self.reason = response.reason
            self.headers = response.getheaders()
            self.body = response.read()
            self.closes = response.will_close
        finally:
            response.close()

    def values(self, name):
        return [value for other, value in self.headers if other.lower() == name.lower()]

    def __repr__(self):
        return f"<{self.status} {self.reason} {self.headers} {self.body[:300]!r}>"


class Tunnel:
    """A connection that was switched to plain bytes: `sock` to write to, read() and read_to_end() to read from."""

    def __init__(self, door, target, timeout=10):
        self.sock = door.connect(timeout)
        try:
            self.sock.sendall(request_bytes(door, "GET", target, upgrade_headers("bytes")))
            self.head = Head(self.sock)
            assert self.head.status == 101, self.head
            self.unread = self.head.rest
        except BaseException:
            self.sock.close()
            raise

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.sock.close()

    def read(self, size):
        while len(self.unread) < size:
            piece = self.sock.recv(1 << 16)
            assert piece, f"the tunnel ended after {self.unread[-200:]!r}"
            self.unread += piece
        result, self.unread = self.unread[:size], self.unread[size:]
        return result

    def read_to_end(self):
        result, self.unread = self.unread, b""
        while piece := self.sock.recv(1 << 16):
            result += piece
        return result
