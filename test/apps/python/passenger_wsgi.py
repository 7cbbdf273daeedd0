"""The test application (see ../README.md) on WSGI."""

import hashlib
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


def body_of(environ):
    """The request's body, a piece at a time. Passenger ends one of unknown length by EOF."""
    if environ.get("CONTENT_LENGTH"):
        left = int(environ["CONTENT_LENGTH"])
    else:
        left = float("inf") if "HTTP_TRANSFER_ENCODING" in environ else 0
    while left > 0:
        piece = environ["wsgi.input"].read1(min(16384, left))
        if not piece:
            return
        left -= len(piece)
        yield piece


def about(environ, path, query):
    digest = hashlib.sha256()
    size = 0
    for piece in body_of(environ):
        digest.update(piece)
        size += len(piece)
    return "pid=%d\nmethod=%s\npath=%s\nquery=%s\nbody_bytes=%d\nbody_sha256=%s\n" % (
        os.getpid(), environ["REQUEST_METHOD"], path, query, size, digest.hexdigest())


def environment(environ):
    cgi = {name: value for name, value in environ.items() if isinstance(value, str)}
    headers = {}
    for name, value in cgi.items():
        if name.startswith("HTTP_"):
            headers[name[5:].lower().replace("_", "-")] = value
        elif name in ("CONTENT_TYPE", "CONTENT_LENGTH"):
            headers[name.lower().replace("_", "-")] = value
    return json.dumps({"pid": os.getpid(), "headers": headers, "cgi": cgi})


def die_in_the_middle():
    yield PATTERN
    os.kill(os.getpid(), signal.SIGKILL)


def application(environ, start_response):
    path, _, query = environ["REQUEST_URI"].partition("?")
    args = dict(pair.split("=", 1) for pair in query.split("&") if "=" in pair)

    def answer(code, headers, body):
        named = {"Content-Type": "text/plain", "X-App-Pid": str(os.getpid())}
        cookies = headers.pop("Set-Cookie", [])
        named.update(headers)
        start_response("%d Status" % code,
                       list(named.items()) + [("Set-Cookie", value) for value in cookies])
        return body

    def text(code, content, headers=()):
        content = content.encode("latin-1")
        return answer(code, {"Content-Length": str(len(content)), **dict(headers)}, [content])

    if path == "/env":
        return text(200, environment(environ), {"Content-Type": "application/json",
                                                "Set-Cookie": ["one=1", "two=2"]})
    if path == "/sleep":
        time.sleep(float(args["seconds"]))
    elif path == "/stream":
        piece = PATTERN[:int(args["bytes"])]
        return answer(200, {}, (piece for _ in range(int(args["pieces"]))))
    elif path == "/fixed":
        return answer(200, {"Content-Length": args["bytes"]}, pattern(int(args["bytes"])))
    elif path == "/die":
        if args.get("at") == "start":
            os.kill(os.getpid(), signal.SIGKILL)
        length = {} if args.get("at") == "stream" else {"Content-Length": str(2 * PIECE)}
        return answer(200, length, die_in_the_middle())
    elif path == "/status":
        code = int(args["code"])
        return answer(code, {}, []) if code in (204, 304) else text(code, "status %d\n" % code)
    elif path == "/header":
        return text(200, "ok\n", {"X-Long": "x" * int(args["bytes"])})
    elif path == "/echo":
        length = environ.get("CONTENT_LENGTH")
        return answer(200, {"Content-Length": length} if length else {}, body_of(environ))
    return text(200, about(environ, path, query))
