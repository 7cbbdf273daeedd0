"""The test application (see ../README.md) as a plain HTTP/1.1 server on 127.0.0.1:$PORT."""

import hashlib
import http.server
import json
import os
import signal
import time

PIECE = 64 * 251
PATTERN = bytes(i % 251 for i in range(PIECE))


def pattern(total):
    while total > 0:
        yield PATTERN[:total]
        total -= PIECE


class TestApp(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def body(self):
        """The request's body, a piece at a time."""
        if "chunked" in self.headers.get("Transfer-Encoding", ""):
            while (left := int(self.rfile.readline().split(b";")[0], 16)) > 0:
                while left > 0:
                    piece = self.rfile.read1(min(16384, left))
                    left -= len(piece)
                    yield piece
                self.rfile.readline()
            while self.rfile.readline() not in (b"\r\n", b""):
                pass
        else:
            left = int(self.headers.get("Content-Length", 0))
            while left > 0:
                piece = self.rfile.read1(min(16384, left))
                if not piece:
                    return
                left -= len(piece)
                yield piece

    def answer(self, code, headers, pieces):
        """A body without Content-Length goes out chunked."""
        cookies = headers.pop("Set-Cookie", [])
        chunked = "Content-Length" not in headers and code not in (204, 304)
        named = {"Content-Type": "text/plain", "X-App-Pid": str(os.getpid()), **headers}
        if chunked:
            named["Transfer-Encoding"] = "chunked"
        self.send_response(code)
        for name, value in list(named.items()) + [("Set-Cookie", value) for value in cookies]:
            self.send_header(name, value)
        self.end_headers()
        if self.command == "HEAD":
            return
        for piece in pieces:
            self.wfile.write(b"%x\r\n%s\r\n" % (len(piece), piece) if chunked else piece)
        if chunked:
            self.wfile.write(b"0\r\n\r\n")

    def text(self, code, content, headers=()):
        content = content.encode("latin-1")
        self.answer(code, {"Content-Length": str(len(content)), **dict(headers)}, [content])

    def about(self, path, query):
        digest = hashlib.sha256()
        size = 0
        for piece in self.body():
            digest.update(piece)
            size += len(piece)
        self.text(200, "pid=%d\nmethod=%s\npath=%s\nquery=%s\nbody_bytes=%d\nbody_sha256=%s\n" % (
            os.getpid(), self.command, path, query, size, digest.hexdigest()))

    def environment(self):
        headers = {name.lower(): value for name, value in self.headers.items()}
        self.text(200, json.dumps({"pid": os.getpid(), "headers": headers}),
                  {"Content-Type": "application/json", "Set-Cookie": ["one=1", "two=2"]})

    def die(self, at):
        def kill_in_the_middle():
            yield PATTERN
            os.kill(os.getpid(), signal.SIGKILL)

        if at == "start":
            os.kill(os.getpid(), signal.SIGKILL)
        length = {} if at == "stream" else {"Content-Length": str(2 * PIECE)}
        self.answer(200, length, kill_in_the_middle())

    def status(self, code):
        if code in (204, 304):
            self.answer(code, {}, [])
        else:
            self.text(code, "status %d\n" % code)

    def handle_request(self):
        # self.path is not what came: http.server makes one slash of several at its beginning.
        path, _, query = self.requestline.split(" ")[1].partition("?")
        args = dict(pair.split("=", 1) for pair in query.split("&") if "=" in pair)
        if path == "/env":
            self.environment()
        elif path == "/stream":
            piece = PATTERN[:int(args["bytes"])]
            self.answer(200, {}, (piece for _ in range(int(args["pieces"]))))
        elif path == "/fixed":
            self.answer(200, {"Content-Length": args["bytes"]}, pattern(int(args["bytes"])))
        elif path == "/die":
            self.die(args.get("at"))
        elif path == "/status":
            self.status(int(args["code"]))
        elif path == "/header":
            self.text(200, "ok\n", {"X-Long": "x" * int(args["bytes"])})
        elif path == "/echo":
            length = self.headers.get("Content-Length")
            self.answer(200, {"Content-Length": length} if length else {}, self.body())
        else:
            if path == "/sleep":
                time.sleep(float(args["seconds"]))
            self.about(path, query)

    do_GET = do_HEAD = do_POST = do_PUT = do_DELETE = do_PATCH = do_OPTIONS = handle_request

    def log_message(self, *args):
        pass


if __name__ == "__main__":
    http.server.ThreadingHTTPServer.daemon_threads = True
    http.server.ThreadingHTTPServer(("127.0.0.1", int(os.environ["PORT"])), TestApp).serve_forever()
