"""The same request at Passenger's front door and at Gangway: the application must see the same, and the client
get the same, apart from differences that are meant. Each of those is written down here with its reason, and
must really be there: nothing is left out of a comparison.
"""

import base64
import json
from dataclasses import dataclass, field

import pytest

from support.client import forwarded
from support.doors import FrontDoor, GangwayDoor
from support.passenger import Application, Passenger
from support.wire import Head, WholeAnswer, chunked, request_bytes

APPS = {"rack": "mirror_rack", "wsgi": "mirror_wsgi", "node": "mirror_node"}
BASE_URI = "/shop"
NO_WAY = None  # In a pair of values: it is not there.


# ---------------------------------------------------------------- the agent


def mirrors_agent():
    agent = Passenger(apps={}, config={}, options=["--disable-turbocaching"])
    for name, runtime in APPS.items():
        agent.apps[name] = Application(runtime, agent.install_app(runtime, name))
        below = f"{name}_below"
        agent.apps[below] = Application(runtime, agent.install_app(runtime, below), base_uri=BASE_URI)
    agent.max_pool_size = len(agent.apps)
    return agent


@pytest.fixture
def mirrors(module_fleet):
    """Each mirror twice: at / and below BASE_URI."""
    agent = module_fleet.get("mirrors", mirrors_agent)
    yield agent
    agent.assert_unharmed()


def doors(agent, group):
    """The front door as a web server uses it, and Gangway's.

    A web server has Passenger read a body first where the application takes none of unknown length: flag B.
    """
    pid = next(row["pid"] for row in agent.admin.processes() if row["group"] == group)
    flags = None if group.startswith("node") else "B"
    return FrontDoor(agent, group, flags), GangwayDoor(agent, pid)


def differences(front, ours):
    """{name: (value at the front door, value at Gangway)} of what is not equal."""
    return {name: (front.get(name), ours.get(name)) for name in {**front, **ours}
            if front.get(name) != ours.get(name)}


def joined(pairs):
    """{name in lower case: values}, several values as Passenger joins them."""
    result = {}
    for name, value in pairs:
        name = name.lower()
        separator = ";" if name == "cookie" else "\n" if name == "set-cookie" else ","
        result[name] = result[name] + separator + value if name in result else value
    return result


# ---------------------------------------------------------------- requests


@dataclass
class Case:
    """A request, and the differences that are meant: variables of the session protocol's environment, and
    headers (in lower case) or "url" of a Node.js process; each a pair of the front door's value and Gangway's."""

    name: str
    target: str = "/"
    method: str = "GET"
    headers: list = field(default_factory=list)
    body: bytes = b""
    version: str = "1.1"
    host: str = "localhost"
    reason: str = ""
    variables: dict = field(default_factory=dict)
    http: dict = field(default_factory=dict)

    def __post_init__(self):
        assert bool(self.reason) == bool(self.variables or self.http), self.name


def of_targets():
    for target in (
            "/", "/a/b/c", "/trailing/", "//twice//slashes//", "/a/../b/./c", "/..", "/%2e%2e/%2E%2E/etc/passwd",
            "/a%2Fb%2fc", "/%20%C3%A4%e2%98%83", "/%00%0d%0a", "/100%25", "/semi;colon=1,comma", "/~user/(x)!*'@:$",
            "/?", "/q?a=1&a=2&b=%26&c=+&d", "/q?x=1?y=2", "/q?url=http://example/%3Fa=b", "/q?a=/../b//c",
            "/" + "long/" * 1000, "/q?" + "a=b&" * 2000):
        yield Case(f"target {target[:40]}", target)
    for target in (BASE_URI, f"{BASE_URI}/", f"{BASE_URI}/a/b?c=d", f"{BASE_URI}//a/../b", f"{BASE_URI}per",
                   "/%73hop/a"):
        yield Case(f"target {target} (the application may be below {BASE_URI})", target)
    yield Case("absolute-form", "http://other.example:8080/path?x=1",
               reason="RFC 9112, 3.2.2: a server takes the target apart, and its authority counts, not Host; "
                      "Passenger hands it on whole",
               variables={"REQUEST_URI": ("http://other.example:8080/path?x=1", "/path?x=1"),
                          "PATH_INFO": ("http://other.example:8080/path", "/path"),
                          "HTTP_HOST": ("localhost", "other.example:8080"),
                          "SERVER_NAME": ("localhost", "other.example"), "SERVER_PORT": ("80", "8080")},
               http={"url": ("http://other.example:8080/path?x=1", "/path?x=1"),
                     "host": ("localhost", "other.example:8080")})
    yield Case("asterisk-form", "*", "OPTIONS")


def of_methods():
    for method in ("POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "PROPFIND", "MKCOL", "LOCK", "REPORT",
                   "PURGE"):
        yield Case(f"method {method}", "/x?y=z", method)
    yield Case("method HEAD", "/x?y=z", "HEAD", [("X-Note", "1")])
    for method in ("GET", "POST", "DELETE"):
        yield Case(f"{method} with a body", "/", method,
                   [("Content-Length", "5"), ("Content-Type", "text/plain")], b"hello")


def of_bodies():
    large = bytes(range(256)) * 1000
    yield Case("a body of 256 kB", "/", "POST", [("Content-Length", str(len(large)))], large)
    yield Case("an empty body", "/", "POST", [("Content-Length", "0"), ("Content-Type", "text/plain")])
    yield Case("a type without a body", "/", "GET", [("Content-Type", "text/plain")])
    yield Case("a coded body", "/", "POST", [("Content-Length", "3"), ("Content-Encoding", "gzip"),
                                              ("Content-Language", "de"), ("Content-MD5", "x")], b"abc")
    yield Case("a type given twice", "/", "POST", [("Content-Length", "3"), ("Content-Type", "a/b"),
                                                   ("Content-Type", "c/d")], b"abc")
    for name, body in (("of some chunks", chunked(b"one", b"two", b"x" * 5000)), ("of 256 kB", chunked(large)),
                       ("of no chunk", chunked()),
                       ("with extensions", b'3;a=b;c="d e"\r\nabc\r\n0;last\r\n\r\n')):
        yield Case(f"a chunked body {name}", "/", "POST",
                   [("Transfer-Encoding", "chunked"), ("Content-Type", "text/plain")], body)


def of_hosts():
    for host in ("shop.example", "SHOP.example", "shop.example:8080", "192.0.2.1:80"):
        yield Case(f"host {host}", host=host)
    yield Case("host shop.example:", host="shop.example:",
               reason="RFC 3875, 4.1.15: SERVER_PORT is a number; RFC 3986, 3.2.3: no digits mean the usual port",
               variables={"SERVER_PORT": ("", "80")})
    for port, passenger_s in (("", "db8::1]"), (":8080", "db8::1]:8080")):
        yield Case(f"host [2001:db8::1]{port}", host=f"[2001:db8::1]{port}",
                   reason="RFC 3986, 3.2.2: the colons in brackets do not begin a port; Passenger takes the first",
                   variables={"SERVER_NAME": ("[2001", "[2001:db8::1]"),
                              "SERVER_PORT": (passenger_s, port[1:] or "80")})
    yield Case("HTTP/1.0", version="1.0", headers=[("X-Old", "1")])
    yield Case("HTTP/1.0 that keeps the connection", version="1.0", headers=[("Connection", "keep-alive")])
    yield Case("HTTP/1.0 with a body", "/", "POST", [("Content-Length", "5")], b"hello", version="1.0")


# Refused by Gangway alone. RFC 9112, 3.2: a server answers 400 to an invalid Host. An application builds links of it,
# and takes SERVER_NAME and SERVER_PORT for what their names say.
REFUSED_HOSTS = {
    'a"<>\xff;&': "characters that no name has (RFC 3986, 3.2.2)", "\"<script>": "the same",
    "[::1": "a bracket that is not closed", "a:b:c:99999": "more than one port", "a:65536": "no port",
    ":80": "no name", "user@a": "a user's name", "a,b": "two names", "a/b": "a path"}


def of_headers():
    def sent(name, *headers, **options):
        return Case(name, headers=list(headers), **options)

    yield sent("usual headers", ("User-Agent", "tests/1.0 (x; y)"), ("Accept", "text/html, */*;q=0.1"),
               ("Accept-Encoding", "gzip, br"), ("Accept-Language", "de, en;q=0.5"), ("Referer", "http://x/?y"),
               ("Origin", "null"), ("DNT", "1"), ("Upgrade-Insecure-Requests", "1"), ("Priority", "u=1"))
    yield sent("cookies", ("Cookie", "a=1; b=\"two words\"; c="))
    yield sent("cookies in two lines", ("Cookie", "a=1"), ("Cookie", "b=2"))
    yield sent("a name three times", ("X-Many", "1"), ("X-Many", "2, 3"), ("x-many", "4"))
    yield sent("two names in turn", ("X-A", "1"), ("X-B", "2"), ("X-A", "3"), ("X-B", "4"))
    yield sent("an empty value", ("X-Empty", ""), ("X-Blank", "   "))
    yield sent("an empty value and another", ("X-Some", ""), ("X-Some", "1"))
    yield sent("spaces around a value", ("X-Padded", "  in the middle  "), ("X-Tab", "\tx\ty\t"),
               reason="RFC 9110, 5.5: a value does not include them; Passenger leaves those behind it",
               variables={"HTTP_X_PADDED": ("in the middle  ", "in the middle"), "HTTP_X_TAB": ("x\ty\t", "x\ty")})
    yield sent("names with underscores", ("X_Under", "1"), ("X-Real", "mine"), ("X_Real", "forged"),
               ("Content_Length", "7"))
    yield sent("names with other characters", ("X.Dot", "1"), ("X'", "2"), ("X~y", "3"))
    yield sent("names of one letter", ("A", "1"), ("9", "2"))
    yield sent("names in other cases", ("ACCEPT", "a/b"), ("content-TYPE", "c/d"), ("user-agent", "e"))
    yield sent("values in Latin-1", ("X-Latin", "Gr\xfc\xdfe"), ("X-High", "\x80\xff"))
    yield sent("special characters in values", ("X-Special", "\"quoted\", \\ (comment); a=b <c>"))
    yield sent("a long value", ("X-Long", "x" * 8000))
    yield sent("many headers", *((f"X-Number-{number}", str(number)) for number in range(100)))
    yield sent("a token for the application", ("Authorization", "Bearer abc.def"))
    yield sent("an account of the application", ("Authorization", "Basic " + base64.b64encode(b"me:mine").decode()))
    yield sent("a range", ("Range", "bytes=0-99,200-"), ("If-Range", '"x"'))
    yield sent("conditions", ("If-None-Match", 'W/"a", "b"'), ("If-Modified-Since", "Sat, 01 Jan 2000 00:00:00 GMT"))
    yield sent("what proxies before have said", ("X-Forwarded-For", "192.0.2.1, 198.51.100.2"),
               ("X-Forwarded-For", "203.0.113.3"), ("X-Forwarded-Proto", "https"),
               ("X-Forwarded-Host", "shop.example"), ("X-Forwarded-Port", "443"), ("X-Real-IP", "192.0.2.1"),
               ("Forwarded", 'for="[2001:db8::1]";proto=https'), ("Via", "1.1 proxy.example"))
    yield sent("a name that CGI programs misread", ("Proxy", "http://evil.example"))
    yield sent("HTTPS as a header", ("HTTPS", "on"), ("Script-Name", "/forged"), ("Remote-User", "forged"))
    yield sent("headers of answers", ("Set-Cookie", "a=1"), ("Status", "500"), ("Server", "x"), ("Date", "today"))
    yield sent("names like Passenger's", ("X-Passenger-Note", "1"), ("Passenger-Note", "2"), ("X-Gangwayside", "3"))
    yield sent("Connection: close", ("Connection", "close"))
    yield sent("Connection: keep-alive", ("Connection", "keep-alive"))


def of_hop_by_hop():
    reason = "RFC 9110, 7.6.1: it is for the next hop only, and Gangway is one; Passenger hands it on"
    for name, value in (("TE", "trailers"), ("Keep-Alive", "timeout=5"), ("Trailer", "X-Sum"),
                        ("Proxy-Connection", "keep-alive"), ("Proxy-Authorization", "Basic eDp5")):
        variable = "HTTP_" + name.upper().replace("-", "_")
        yield Case(f"hop-by-hop {name}", headers=[(name, value)], reason=reason,
                   variables={variable: (value, NO_WAY)}, http={name.lower(): (value, NO_WAY)})
    yield Case("hop-by-hop as Connection names it", reason=reason,
               headers=[("Connection", "keep-alive, X-Private"), ("Connection", "x-other"),
                        ("X-Private", "1"), ("X-Other", "2"), ("X-Public", "3")],
               variables={"HTTP_X_PRIVATE": ("1", NO_WAY), "HTTP_X_OTHER": ("2", NO_WAY)},
               http={"x-private": ("1", NO_WAY), "x-other": ("2", NO_WAY)})


REQUESTS = [*of_targets(), *of_methods(), *of_bodies(), *of_hosts(), *of_headers(), *of_hop_by_hop()]

# Differences of every request.
EACH_VARIABLES = {
    "SERVER_SOFTWARE": "it says which server this is",
}
EACH_HTTP = {
    "!~": "the mark with which a web server's headers for Passenger end is handed on by it",
}


def seen(door, case):
    """What the application sees of a request."""
    with door.connect() as sock:
        sock.sendall(request_bytes(door, case.method, case.target, case.headers, case.body, case.version, case.host))
        answer = WholeAnswer(sock, case.method)
    assert answer.status == 200, answer
    return json.loads(base64.b64decode(answer.values("X-Seen")[0]) if case.method == "HEAD" else answer.body)


def assert_seen_alike(agent, group, case):
    front, ours = (seen(door, case) for door in doors(agent, group))
    assert front.pop("body") == ours.pop("body"), "the bodies differ"
    if "variables" in front:
        found = differences(front["variables"], ours["variables"])
        for name, why in EACH_VARIABLES.items():
            assert found.pop(name, None), f"{name} does not differ, although {why}"
        meant = case.variables
    else:
        found, meant = node_differences(front, ours), case.http
    assert found == meant, (
        f"{case.name}: (front door, Gangway) differ in\n{json.dumps(found, indent=1)}\nmeant is"
        f"{' (' + case.reason + ')' if case.reason else ''}\n{json.dumps(meant, indent=1)}")


def node_differences(front, ours):
    sides = []
    for side in (front, ours):
        names, values = side["rawHeaders"][::2], side["rawHeaders"][1::2]
        trailers = side["rawTrailers"]
        sides.append({**joined(zip(names, values)), "trailers": dict(zip(trailers[::2], trailers[1::2])),
                      **{name: side[name] for name in ("method", "url", "httpVersion")}})
    for name, why in EACH_HTTP.items():
        assert name in sides[0] and name not in sides[1], f"{name} does not differ, although {why}"
        del sides[0][name]
    return differences(*sides)


@pytest.mark.parametrize("app", APPS)
@pytest.mark.parametrize("case", REQUESTS, ids=lambda case: case.name)
def test_the_application_sees_the_same_request(mirrors, app, case):
    assert_seen_alike(mirrors, app, case)


@pytest.mark.parametrize("app", APPS)
@pytest.mark.parametrize("case", [*of_targets()], ids=lambda case: case.name)
def test_an_application_below_a_base_uri_sees_the_same_target(mirrors, app, case):
    assert_seen_alike(mirrors, f"{app}_below", case)


def test_the_base_uri_really_is_in_the_environment(mirrors):
    """Lest the comparison above compares nothing."""
    for group in ("rack_below", "wsgi_below"):
        variables = seen(doors(mirrors, group)[1], Case("", f"{BASE_URI}/a?b"))["variables"]
        assert (variables["SCRIPT_NAME"], variables["PATH_INFO"]) == (BASE_URI, "/a")
        assert variables["REQUEST_URI"] == f"{BASE_URI}/a?b"


def test_a_node_js_process_gets_headers_as_they_were_sent_in_order_and_case(mirrors):
    """Better than at the front door, which joins them, in lower case and in any order."""
    headers = [("X-B", "1"), ("x-A", "2"), ("X-b", "3"), ("COOKIE", "a=1"), ("Cookie", "b=2"), ("X-A", "")]
    got = seen(doors(mirrors, "node")[1], Case("", headers=headers))["rawHeaders"]
    assert list(zip(got[::2], got[1::2])) == [("Connection", "close"), ("Host", "localhost"), *headers]


@pytest.mark.parametrize("app", APPS)
@pytest.mark.parametrize("target", [
    *(case.target for case in of_targets() if case.target.startswith("/")),
    "/v1/processes", "/v1/processes/1/request/x"], ids=lambda target: target[:40])
def test_a_target_within_the_api_s_path_is_seen_as_at_the_front_door(mirrors, app, target):
    """/v1/processes/{id}/request/{path}, with the process named in the path."""
    front_door, gangway = doors(mirrors, app)
    front = seen(front_door, Case("", target))
    with gangway.connect() as sock:
        sock.sendall(f"GET {forwarded(gangway.pid, target)} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
        ours = json.loads(WholeAnswer(sock).body)
    if app == "node":
        assert ours["url"] == front["url"] == target
    else:
        for name in ("REQUEST_URI", "PATH_INFO", "QUERY_STRING", "SCRIPT_NAME"):
            assert ours["variables"][name] == front["variables"][name], name


@pytest.mark.parametrize("host", REFUSED_HOSTS)
def test_a_host_that_is_none_is_taken_at_the_front_door_alone(mirrors, host):
    front_door, gangway = doors(mirrors, "rack")
    for door, status in ((front_door, 200), (gangway, 400)):
        with door.connect() as sock:
            sock.sendall(request_bytes(door, "GET", "/", host=host))
            assert WholeAnswer(sock).status == status, (door, REFUSED_HOSTS[host])


@pytest.mark.parametrize("app", ["rack", "wsgi"])
def test_an_http_1_0_request_without_a_host_is_given_a_server_s_name(mirrors, app):
    """The front door has an address and a port to give, Gangway has none."""
    front, ours = (seen(door, Case("", version="1.0", host=None))["variables"] for door in doors(mirrors, app))
    assert "HTTP_HOST" not in front and "HTTP_HOST" not in ours
    assert (front["SERVER_NAME"], front["SERVER_PORT"]) == ("127.0.0.1", str(mirrors.port))
    assert (ours["SERVER_NAME"], ours["SERVER_PORT"]) == ("localhost", "80")


def test_an_http_1_0_request_without_a_host_gets_one_for_a_process_that_must_have_it(mirrors):
    """It goes on as HTTP/1.1. What the front door sends, Node.js refuses."""
    front_door, gangway = doors(mirrors, "node")
    with front_door.connect() as sock:
        sock.sendall(request_bytes(front_door, "GET", "/", version="1.0", host=None))
        assert WholeAnswer(sock).status == 400
    headers = seen(gangway, Case("", version="1.0", host=None))["rawHeaders"]
    assert "localhost" in headers


@pytest.mark.parametrize("app", APPS)
def test_trailers_go_on_to_those_who_have_a_place_for_them(mirrors, app):
    """The front door closes the connection on them."""
    case = Case("", "/", "POST", [("Transfer-Encoding", "chunked"), ("Trailer", "X-Sum")],
                chunked(b"abc", trailers=[("X-Sum", "900150983cd2")]))
    got = seen(doors(mirrors, app)[1], case)
    assert base64.b64decode(got["body"]) == b"abc"
    if app == "node":
        assert got["rawTrailers"] == ["X-Sum", "900150983cd2"]
    else:
        assert "HTTP_X_SUM" not in got["variables"] and "HTTP_TRAILER" not in got["variables"]


@pytest.mark.parametrize("app", APPS)
def test_a_body_that_waits_to_be_asked_for_is_asked_for(mirrors, app):
    """By Gangway for processes of the session protocol, by the process itself where that speaks HTTP."""
    door = doors(mirrors, app)[1]
    with door.connect() as sock:
        sock.sendall(request_bytes(door, "POST", "/", [("Content-Length", "5"), ("Expect", "100-continue")]))
        head = Head(sock)
        assert head.status == 100 and head.rest == b"", head
        sock.sendall(b"hello")
        answer = WholeAnswer(sock, "POST")
    assert answer.status == 200, answer
    got = json.loads(answer.body)
    assert base64.b64decode(got["body"]) == b"hello"
    assert ("100-continue" in got["rawHeaders"]) if app == "node" else ("HTTP_EXPECT" not in got["variables"])


# ---------------------------------------------------------------- answers


@dataclass
class Answer:
    """An answer that an application gives, and the differences that are meant, as pairs like those of Case.
    `only` names the applications that can give it."""

    name: str
    status: str = "200 OK"
    headers: list = field(default_factory=list)
    pieces: list = field(default_factory=lambda: ["hello\n"])
    trailers: list = field(default_factory=list)
    only: tuple = tuple(APPS)
    reason: str = ""
    meant: dict = field(default_factory=dict)
    methods: tuple = ("GET", "HEAD", "POST")

    def as_header(self):
        wanted = {"status": self.status, "headers": self.headers, "pieces": self.pieces, "trailers": self.trailers}
        return ("X-Answer", base64.b64encode(json.dumps(wanted).encode()).decode())


def of_statuses():
    for status in ("200 OK", "201 Created", "202 Accepted", "203 Non-Authoritative Information",
                   "207 Multi-Status", "300 Multiple Choices", "400 Bad Request", "402 Payment Required",
                   "404 Not Found", "405 Method Not Allowed", "409 Conflict", "410 Gone",
                   "422 Unprocessable Entity", "429 Too Many Requests", "500 Internal Server Error",
                   "501 Not Implemented", "502 Bad Gateway", "503 Service Unavailable", "504 Gateway Timeout"):
        yield Answer(f"status {status}", status, [("Content-Type", "text/plain")])
    yield Answer("status 204", "204 No Content", [("X-Note", "1")], [])
    yield Answer("status 304", "304 Not Modified", [("ETag", '"x"'), ("Cache-Control", "max-age=5")], [],
                 methods=("GET", "HEAD"))
    for status in ("301 Moved Permanently", "302 Found", "303 See Other", "307 Temporary Redirect"):
        yield Answer(f"status {status}", status, [("Location", "/elsewhere?x=%20#y")])
    yield Answer("status 308", "308 Permanent Redirect", [("Location", "/elsewhere")],
                 reason="Passenger's reason is from before RFC 7538",
                 meant={"reason": ("Resume Incomplete", "Permanent Redirect")})
    yield Answer("status 206", "206 Partial Content",
                 [("Content-Range", "bytes 0-5/100"), ("Accept-Ranges", "bytes")])
    yield Answer("status 401", "401 Unauthorized",
                 [("WWW-Authenticate", 'Basic realm="a, b"'), ("WWW-Authenticate", "Bearer")])
    yield Answer("status 503 with Retry-After", "503 Service Unavailable", [("Retry-After", "120")])
    yield Answer("a reason of its own", "200 Fine With Me", only=("wsgi", "node"),
                 reason="The answer is the application's; Passenger has reasons of its own",
                 meant={"reason": ("OK", "Fine With Me")})
    yield Answer("a status line without a reason", "200", only=("wsgi",))
    yield Answer("a status that nobody knows", "299 Odd", only=("wsgi", "node"),
                 reason="The answer is the application's; Passenger has reasons of its own",
                 meant={"reason": ("Unknown Reason-Phrase", "Odd")})


def of_answer_headers():
    yield Answer("usual headers", headers=[
        ("Content-Type", "text/html; charset=utf-8"), ("Content-Language", "de"), ("ETag", 'W/"x"'),
        ("Vary", "Accept"),
        ("Last-Modified", "Sat, 01 Jan 2000 00:00:00 GMT"), ("Cache-Control", "private, no-store"), ("Expires", "0"),
        ("Content-Disposition", "attachment; filename=\"a b.txt\"; filename*=UTF-8''%C3%A4.txt"),
        ("Link", "</a>; rel=preload; as=style, </b>"), ("Allow", "GET, HEAD"), ("Alt-Svc", "clear"),
        ("Content-Security-Policy", "default-src 'self'"), ("Strict-Transport-Security", "max-age=1"),
        ("Access-Control-Allow-Origin", "*"), ("X-Request-Id", "1")])
    yield Answer("no headers")
    yield Answer("cookies", headers=[
        ("Set-Cookie", "a=1; Path=/; HttpOnly"),
        ("Set-Cookie", "b=\"x, y\"; Expires=Sat, 01 Jan 2000 00:00:00 GMT"), ("X-Between", "1"),
        ("Set-Cookie", "c=")])
    yield Answer("a name twice", headers=[("X-Two", "1"), ("X-Two", "2")])
    yield Answer("an empty value", headers=[("X-Empty", ""), ("X-After", "1")])
    yield Answer("a value in Latin-1", headers=[("X-Latin", "Gr\xfc\xdfe")])
    yield Answer("a long value", headers=[("X-Long", "y" * 8000)])
    yield Answer("many headers", headers=[(f"X-Number-{number}", str(number)) for number in range(80)])
    yield Answer("a name with an underscore", headers=[("X_Under", "1")])
    yield Answer("names in other cases", headers=[("content-type", "a/b"), ("X-UPPER", "1"), ("x-lower", "2")])
    yield Answer("a date of its own", headers=[("Date", "Sat, 01 Jan 2000 00:00:00 GMT")])
    yield Answer("a server of its own", headers=[("Server", "mine/1.0")])
    yield Answer("a compressed body", headers=[("Content-Encoding", "gzip"), ("Content-Type", "text/plain")],
                 pieces=["\x1f\x8b\x08\x00\x00\xff"])
    yield Answer("timings of its own", headers=[("Server-Timing", "db;dur=5"), ("Server-Timing", "app;dur=7")])
    yield Answer("hop-by-hop headers", headers=[("Keep-Alive", "timeout=9"), ("Proxy-Authenticate", "Basic realm=x"),
                                                ("Proxy-Connection", "close")],
                 reason="RFC 9110, 7.6.1: they are for the next hop only, and Gangway is one; Passenger hands them on",
                 meant={"keep-alive": ("timeout=9", NO_WAY), "proxy-authenticate": ("Basic realm=x", NO_WAY),
                        "proxy-connection": ("close", NO_WAY)})
    yield Answer("what only Gangway says", headers=[("X-Gangway-Error", "forged")],
                 reason="No application can set it", meant={"x-gangway-error": ("forged", NO_WAY)})
    for name in ("X-Sendfile", "X-Accel-Redirect"):
        yield Answer(name, headers=[(name, "/internal/file")], methods=("GET",))
        yield Answer(f"{name}, and the length of a body that does not come", pieces=[], methods=("GET",),
                     headers=[(name, "/internal/file"), ("Content-Length", "5000")])


def of_answer_bodies():
    yield Answer("an empty body", pieces=[])
    yield Answer("a body of known length", headers=[("Content-Length", "6")])
    yield Answer("an empty body of known length", headers=[("Content-Length", "0")], pieces=[])
    yield Answer("a body in pieces", pieces=[f"piece {number}\n" for number in range(50)])
    yield Answer("a binary body", pieces=["".join(map(chr, range(256)))])


ANSWERS = [*of_statuses(), *of_answer_headers(), *of_answer_bodies()]

# Headers of every answer that one side adds, or that are about the connection.
FRONT_DOOR_S_OWN = {
    "status": "Passenger adds it for web servers that speak CGI",
    "x-powered-by": "Passenger names itself",
}
GANGWAY_S_OWN = {
    "x-gangway-route": "docs/api.md", "x-gangway-process": "docs/api.md",
}
FRAMING = ("connection", "transfer-encoding", "content-length")


def asked_for(door, answer, method):
    with door.connect() as sock:
        sock.sendall(request_bytes(door, method, "/", [answer.as_header()]))
        return WholeAnswer(sock, method)


def compared(answer, added, pairs):
    headers = joined(pairs)
    for name in added:
        assert headers.pop(name, None) is not None, f"{name} is missing"
    for name in FRAMING:
        headers.pop(name, None)
    return {**headers, "code": answer.status, "reason": answer.reason, "body": answer.body}


def without_gangway_s_timing(headers):
    """Gangway's own Server-Timing is a line of its own, behind those of the application."""
    lines = [number for number, (name, _) in enumerate(headers) if name.lower() == "server-timing"]
    assert lines and "total;dur=" in headers[lines[-1]][1], f"Gangway's Server-Timing is missing: {headers}"
    return headers[:lines[-1]] + headers[lines[-1] + 1:]


def same_answers():
    return [pytest.param(app, method, answer, id=f"{app}-{method}-{answer.name}")
            for answer in ANSWERS for app in answer.only for method in answer.methods]


@pytest.mark.parametrize("app, method, answer", same_answers())
def test_the_client_gets_the_same_answer(mirrors, app, method, answer):
    front_door, gangway = doors(mirrors, app)
    front, ours = (asked_for(door, answer, method) for door in (front_door, gangway))
    one = compared(front, FRONT_DOOR_S_OWN, front.headers)
    other = compared(ours, GANGWAY_S_OWN, without_gangway_s_timing(ours.headers))
    assert "date" in one and "date" in other
    if "date" not in {name.lower() for name, _ in answer.headers}:
        del one["date"], other["date"]  # Each has the time at which it was given.
    found = differences(one, other)
    assert found == answer.meant, (
        f"{answer.name}: (front door, Gangway) differ in {found}\nmeant is {answer.reason} {answer.meant}")


@pytest.mark.parametrize("app", APPS)
def test_set_cookie_lines_come_one_by_one_and_in_order(mirrors, app):
    """Their join in the comparison above is the comparison's only."""
    wanted = next(answer for answer in ANSWERS if answer.name == "cookies")
    expected = [value for name, value in wanted.headers if name == "Set-Cookie"]
    for door in doors(mirrors, app):
        assert asked_for(door, wanted, "GET").values("Set-Cookie") == expected


def test_trailers_of_an_answer_reach_a_client_that_takes_them(mirrors):
    """http.client drops trailers, so this reads what came."""
    answer = Answer("", headers=[("Trailer", "X-Sum")], trailers=[("X-Sum", "900150983cd2")])
    door = doors(mirrors, "node")[1]
    for headers, expected in (([("TE", "trailers"), ("Connection", "TE")], b"0\r\nX-Sum: 900150983cd2\r\n\r\n"),
                              ([], b"0\r\n\r\n")):
        with door.connect() as sock:
            sock.sendall(request_bytes(door, "GET", "/", [answer.as_header(), ("Connection", "close"), *headers]))
            received = Head(sock).rest
            while piece := sock.recv(4096):
                received += piece
        assert received == b"6\r\nhello\n\r\n" + expected
