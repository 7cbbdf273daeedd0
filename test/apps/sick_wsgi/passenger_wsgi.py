"""The application that falls ill, of ../README.md, on WSGI."""

import os
import signal
import time


def sickness():
    try:
        with open("sick.%d" % os.getpid()) as file:
            return file.read()
    except FileNotFoundError:
        return ""


def endless(piece, pause):
    while sickness():
        yield piece
        time.sleep(pause)


def dying():
    yield b"half"
    os.kill(os.getpid(), signal.SIGKILL)


def application(environ, start_response):
    def answer(status, body, length=None):
        headers = [("Content-Type", "text/plain")]
        if length is not None:
            headers.append(("Content-Length", str(length)))
        start_response(status, headers)
        return body

    def text(status, content):
        return answer(status, [content], len(content))

    path, _, query = environ["REQUEST_URI"].partition("?")
    if path == "/health":
        sick = sickness()
        if sick == "hang":
            while sickness():
                time.sleep(0.02)
        elif sick == "500":
            return text("500 Sick", b"sick\n")
        elif sick == "endless":
            return answer("200 OK", endless(b"x" * 65536, 0))
        elif sick == "slow":
            return answer("200 OK", endless(b"x", 0.05))
        elif sick == "die":
            return answer("200 OK", dying(), 8)
        return text("200 OK", b"well\n")
    if path == "/sleep":
        time.sleep(float(query.partition("=")[2]))
    return text("200 OK", b"pid=%d\n" % os.getpid())
