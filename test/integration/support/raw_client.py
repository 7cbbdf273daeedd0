"""A client of the admin socket that sends any bytes and reads answers strictly, byte by byte."""

import json
import socket

NO_BODY = (204, 304)


class RawAnswer:
    def __init__(self, status_line, headers, body, trailers):
        self.status_line = status_line
        self.version, status, self.reason = (status_line.split(" ", 2) + [""])[:3]
        self.status = int(status)
        self.headers = headers  # [(name, value)…], as they came
        self.body = body
        self.trailers = trailers

    def get(self, name):
        """Every value that came under that name."""
        return [value for key, value in self.headers if key.lower() == name.lower()]

    @property
    def code(self):
        """The code of an error of Gangway's own; None for anything else."""
        return (self.get("X-Gangway-Error") or [None])[0]

    @property
    def json(self):
        return json.loads(self.body)

    @property
    def is_last(self):
        """Whether the connection ends with it."""
        return any(value.lower() == "close" for value in self.get("Connection"))

    def __repr__(self):
        return f"<{self.status_line} {self.headers} {self.body[:300]!r} {self.trailers}>"


class Broken(Exception):
    """The connection ended before the answer did."""


class RawClient:
    def __init__(self, path, timeout):
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(timeout)
        self.sock.connect(str(path))
        self.buffer = b""
        self.ended = False

    def send(self, content):
        self.sock.sendall(content)

    def half_close(self):
        self.sock.shutdown(socket.SHUT_WR)

    def close(self):
        self.sock.close()

    # ------------------------------------------------------------ bytes

    def fill(self):
        """Reads some more. False at the end."""
        try:
            piece = self.sock.recv(1 << 20)
        except ConnectionResetError:
            piece = b""
        except TimeoutError:
            raise AssertionError(f"no more came than {self.buffer[:2000]!r}") from None
        self.buffer += piece
        self.ended = self.ended or not piece
        return bool(piece)

    def read(self, size):
        while len(self.buffer) < size:
            if not self.fill():
                raise Broken(self.buffer)
        taken, self.buffer = self.buffer[:size], self.buffer[size:]
        return taken

    def read_to(self, text):
        while (at := self.buffer.find(text)) < 0:
            if not self.fill():
                raise Broken(self.buffer)
        return self.read(at + len(text))

    def rest(self):
        """All to the end of the connection."""
        while self.fill():
            pass
        rest, self.buffer = self.buffer, b""
        return rest

    # ------------------------------------------------------------ answers

    def head(self):
        """The next answer's head, interim or not."""
        lines = self.read_to(b"\r\n\r\n").decode("latin-1").split("\r\n")[:-2]
        headers = []
        for line in lines[1:]:
            name, colon, value = line.partition(":")
            assert colon and name == name.strip(), lines
            headers.append((name, value.strip(" \t")))
        answer = RawAnswer(lines[0], headers, b"", [])
        assert answer.version == "HTTP/1.1", lines
        assert not (answer.get("Content-Length") and answer.get("Transfer-Encoding")), lines
        assert len(answer.get("Content-Length")) <= 1, lines
        return answer

    def answer(self, method=b"GET"):
        """The next answer, whole; raises Broken where it is broken off."""
        answer = self.head()
        assert answer.status >= 200, answer
        self.body_of(answer, method)
        return answer

    def body_of(self, answer, method=b"GET"):
        if method == b"HEAD" or answer.status in NO_BODY:
            return
        if answer.get("Transfer-Encoding"):
            assert answer.get("Transfer-Encoding") == ["chunked"], answer
            answer.body, answer.trailers = self.chunked()
        elif answer.get("Content-Length"):
            answer.body = self.read(int(answer.get("Content-Length")[0]))
        else:
            assert answer.is_last, answer
            answer.body = self.rest()

    def chunked(self):
        body = b""
        while True:
            line = self.read_to(b"\r\n")[:-2]
            assert line and set(line) <= set(b"0123456789abcdefABCDEF"), line
            size = int(line, 16)
            if size == 0:
                break
            body += self.read(size)
            assert self.read(2) == b"\r\n"
        trailers = []
        while line := self.read_to(b"\r\n")[:-2].decode("latin-1"):
            name, _, value = line.partition(":")
            trailers.append((name, value.strip(" \t")))
        return body, trailers

    def is_at_end(self):
        """Waits for the end of the connection: True when nothing came before it."""
        return self.rest() == b""

    def is_usable(self):
        """True when the connection takes another request."""
        try:
            self.send(b"HEAD /v1/nothing HTTP/1.1\r\nHost: x\r\n\r\n")
            return self.answer(b"HEAD").status == 404
        except (Broken, BrokenPipeError):
            return False
