"""HTTP over a Unix socket: whole requests, and raw bytes for what no client would send."""

import base64
import hashlib
import http.client
import json
import socket

PIECE = 64 * 251
PATTERN = bytes(i % 251 for i in range(PIECE))


def pattern(size):
    """The bytes that the test application's /fixed answers with, a piece at a time."""
    while size > 0:
        yield PATTERN[:size]
        size -= PIECE


def pattern_sha256(size):
    digest = hashlib.sha256()
    for piece in pattern(size):
        digest.update(piece)
    return digest.hexdigest()


class UnixConnection(http.client.HTTPConnection):
    def __init__(self, path, timeout=30):
        super().__init__("localhost", timeout=timeout)
        self.path = str(path)

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self.path)


class Answer:
    """A response, read whole. The names of headers are in lower case."""

    def __init__(self, response):
        self.status = response.status
        self.headers = {name.lower(): value for name, value in response.getheaders()}
        self.all_headers = [(name.lower(), value) for name, value in response.getheaders()]
        self.body = response.read()
        self.closes = response.will_close

    @property
    def text(self):
        return self.body.decode("utf-8")

    @property
    def json(self):
        return json.loads(self.body)

    @property
    def fields(self):
        """The lines `name=value` of the test application."""
        return dict(line.split("=", 1) for line in self.text.splitlines())

    @property
    def code(self):
        """The code of an error of Gangway's own; None for anything else."""
        if (self.headers.get("content-type") != "application/problem+json"
                or "x-gangway-route" in self.headers):
            return None
        return self.json["code"]

    def __repr__(self):
        return f"<Answer {self.status} {self.headers} {self.body[:300]!r}>"


def exchange(connection, method, target, headers=None, body=None):
    """One request on an http.client connection. A body that is an iterable goes out chunked, unless
    the headers say its Content-Length."""
    headers = dict(headers or {})
    connection.request(method, target, body=body, headers=headers,
                       encode_chunked="Transfer-Encoding" in headers)
    return Answer(connection.getresponse())


class AdminClient:
    """The admin socket of Gangway. Each request goes over a connection of its own, unless one is given."""

    def __init__(self, path, headers=None):
        self.path = path
        self.headers = dict(headers or {})

    def as_caller(self, **credentials):
        """The same socket with the credentials of one row of the authorization table."""
        return AdminClient(self.path, caller_headers(**credentials))

    def connection(self, timeout=30):
        return UnixConnection(self.path, timeout)

    def request(self, method, target, headers=None, body=None, timeout=30):
        connection = self.connection(timeout)
        try:
            return exchange(connection, method, target, {**self.headers, **(headers or {})}, body)
        finally:
            connection.close()

    def get(self, target, headers=None, **options):
        return self.request("GET", target, headers, **options)

    def forward(self, process, target, method="GET", headers=None, body=None, timeout=30):
        """Sends a request to one process, by pid or gupid."""
        return self.request(method, forwarded(process, target), headers, body, timeout)

    def processes(self, query=""):
        answer = self.get("/v1/processes" + query)
        assert answer.status == 200, answer
        return answer.json["processes"]

    def process(self, identity):
        answer = self.get(f"/v1/processes/{identity}")
        assert answer.status == 200, answer
        return answer.json["process"]

    def raw(self, timeout=10):
        """A connected socket."""
        sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        sock.settimeout(timeout)
        sock.connect(str(self.path))
        return sock

    def say(self, content, timeout=10):
        """Sends bytes and reads until the other side closes: (Answer or None, closed)."""
        with self.raw(timeout) as sock:
            try:
                sock.sendall(content)
            except (BrokenPipeError, ConnectionResetError):
                pass
            return read_answer(sock)


def forwarded(process, target):
    assert target.startswith("/")
    return f"/v1/processes/{process}/request{target}"


def read_answer(sock, method="GET"):
    response = http.client.HTTPResponse(sock, method=method)
    try:
        response.begin()
        return Answer(response)
    finally:
        response.close()


def reads_eof(sock):
    """True when the other side has closed: waits at most the socket's timeout."""
    try:
        return sock.recv(1) == b""
    except ConnectionResetError:
        return True


def basic(user, password):
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


def caller_headers(password=None, user=None, user_password=None):
    headers = {}
    if password is not None:
        headers["X-Passenger-Connect-Password"] = password
    if user is not None:
        headers["Authorization"] = basic(user, user_password)
    return headers
