"""Requests by another user: a child process of that user asks, over a connection that it keeps."""

import ctypes
import multiprocessing
import os
import pwd
import signal

from support.raw_client import Broken, RawClient

PR_SET_PDEATHSIG = 1
FORKING = multiprocessing.get_context("fork")


class Request:
    """Bytes to send, and what must be known to read the answer."""

    def __init__(self, method, target, headers=(), body=b""):
        self.method = method
        lines = [f"{method} {target} HTTP/1.1", "Host: localhost", *(f"{name}: {value}" for name, value in headers)]
        if body:
            lines.append(f"Content-Length: {len(body)}")
        self.content = ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1") + body

    def __repr__(self):
        return repr(self.content)


class Asking:
    """In the child: one connection, made anew where the last answer has ended it."""

    def __init__(self, path):
        self.path = path
        self.client = None

    def ask(self, request):
        answer = self.begin(request)
        endless = request.method != "HEAD" and answer.get("Content-Type") == ["text/event-stream"]
        if not endless:
            self.client.body_of(answer, request.method.encode())
        if endless or answer.is_last:
            self.close()
        return answer

    def begin(self, request):
        """The head of the answer. A stranger's connection that was idle for seconds is closed."""
        for _ in range(2):
            is_used = self.client is not None
            self.client = self.client or RawClient(self.path, timeout=30)
            try:
                self.client.send(request.content)
                return self.client.head()
            except (BrokenPipeError, Broken) as failure:
                if not is_used or getattr(failure, "args", ()) not in ((), (b"",), (32, "Broken pipe")):
                    raise
                self.close()
        raise AssertionError("no answer on a new connection")

    def listen(self, request, pipe, word, count):
        """Says so on the pipe when an endless answer has begun; gives it back when that word has come so often."""
        client = RawClient(self.path, timeout=60)
        client.send(request.content)
        answer = client.head()
        assert answer.status == 200, answer
        while not client.buffer:
            client.fill()
        pipe.send(True)
        while client.buffer.count(word) < count or not client.buffer.endswith(b"\r\n"):
            assert client.fill(), client.buffer
        client.close()
        return client.buffer.decode()

    def close(self):
        if self.client is not None:
            self.client.close()
            self.client = None


def serve(pipe, uid, gid, path):
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    os.setgroups([])
    os.setgid(gid)
    os.setuid(uid)
    asking = Asking(path)
    while (order := pipe.recv()) is not None:
        try:
            pipe.send(order(asking, pipe))
        except Exception as error:  # the parent raises it
            asking.close()
            pipe.send(error)


class Ask:
    def __init__(self, requests):
        self.requests = requests

    def __call__(self, asking, _):
        return [asking.ask(request) for request in self.requests]


class Listen:
    def __init__(self, request, word, count):
        self.what = (request, word, count)

    def __call__(self, asking, pipe):
        request, word, count = self.what
        return asking.listen(request, pipe, word, count)


class UserProcess:
    """A process of that user that asks the socket at that path. End it with close()."""

    def __init__(self, user, path):
        account = pwd.getpwnam(user)
        self.uid = account.pw_uid
        self.pipe, other = FORKING.Pipe()
        self.process = FORKING.Process(
            target=serve, args=(other, account.pw_uid, account.pw_gid, str(path)), daemon=True)
        self.process.start()

    def ask(self, requests):
        """The answers, in order."""
        self.pipe.send(Ask(list(requests)))
        return self.result()

    def listen(self, request, word, count):
        """Returns when the endless answer to it has begun. heard() gives back what came until that word had come
        so often."""
        self.pipe.send(Listen(request, word, count))
        assert self.result() is True

    def heard(self):
        return self.result()

    def result(self):
        result = self.pipe.recv()
        if isinstance(result, Exception):
            raise AssertionError(f"no answer: {result!r}")
        return result

    def close(self):
        self.pipe.send(None)
        self.process.join(10)
        assert self.process.exitcode == 0, self.process
