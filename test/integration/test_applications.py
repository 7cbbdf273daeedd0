"""What a site does all day goes through Gangway unharmed: on Rack, Flask and Express."""

import gzip
import hashlib
import os

import pytest

from support.client import exchange, forwarded
from support.passenger import Passenger

FRAMEWORKS = ("rack", "flask", "express")
FRAMINGS = ("Content-Length", "chunked")
TEXT = b"compressed by the application\n" * 2000
BOUNDARY = "a boundary of the tests"


@pytest.fixture(params=FRAMEWORKS)
def site(request, module_fleet):
    agent = module_fleet.get(request.param, lambda: Passenger(request.param, workers=1, config={}))
    yield Site(agent)
    agent.assert_unharmed()


class Site:
    """The one process of an application."""

    def __init__(self, agent):
        self.agent = agent
        self.pid = agent.admin.processes()[0]["pid"]

    def ask(self, target, method="GET", headers=None, body=None):
        answer = self.agent.admin.forward(self.pid, target, method, headers, body)
        assert answer.code is None, answer
        return answer

    def send(self, target, content_type, body, framing, method="POST"):
        """The body in one of the FRAMINGS."""
        headers = {"Content-Type": content_type}
        if framing == "chunked":
            headers["Transfer-Encoding"] = "chunked"
            body = in_pieces(body)
        answer = self.ask(target, method, headers, body)
        assert answer.status == 200, answer
        return answer.json


def in_pieces(body, size=8191):
    for start in range(0, len(body), size):
        yield body[start:start + size]


def cookies_of(answer):
    """{name: (value, attributes)}, attributes' names in lower case and in order."""
    cookies = {}
    for name, line in answer.all_headers:
        if name == "set-cookie":
            pair, *attributes = line.split("; ")
            cookie, _, value = pair.partition("=")
            cookies[cookie] = (value, sorted(part.split("=")[0].lower() for part in attributes))
    return cookies


@pytest.mark.parametrize("framing", FRAMINGS)
@pytest.mark.parametrize("method", ["POST", "PUT"])
def test_a_form_arrives_with_every_value(site, method, framing):
    body = b"name=Gr%C3%BC%C3%9Fe+an+alle&tags%5B%5D=a&tags%5B%5D=b&empty=&sum=1%2B1%3D2"
    got = site.send("/form?page=2&q=%26%3D", "application/x-www-form-urlencoded", body, framing, method)
    tags = "tags" if "tags" in got["form"] else "tags[]"  # Rack takes the brackets for a list.
    assert got == {"query": {"page": ["2"], "q": ["&="]},
                   "form": {"name": ["Grüße an alle"], tags: ["a", "b"], "empty": [""], "sum": ["1+1=2"]}}


@pytest.mark.parametrize("framing", FRAMINGS)
def test_a_long_form_arrives_whole(site, framing):
    text = "x" * 1_000_000
    got = site.send("/form", "application/x-www-form-urlencoded", f"text={text}".encode(), framing)
    assert got["form"]["text"] == [text]


def multipart(parts):
    """A multipart/form-data body of (header of the part, content)."""
    body = b""
    for header, content in parts:
        body += f"--{BOUNDARY}\r\nContent-Disposition: form-data; {header}\r\n\r\n".encode() + content + b"\r\n"
    return body + f"--{BOUNDARY}--\r\n".encode()


@pytest.mark.parametrize("framing", FRAMINGS)
def test_files_arrive_with_their_names_and_bytes(site, framing):
    binary = os.urandom(3_000_000)
    lines = b"--a line that looks like a boundary\r\n" * 3 + b"\r\n\0\xff"
    got = site.send("/upload", f'multipart/form-data; boundary="{BOUNDARY}"', multipart([
        ('name="title"', "Zwei Dateien – für euch".encode()),
        ('name="one"; filename="a picture (1).jpg"\r\nContent-Type: image/jpeg', binary),
        ('name="two"; filename="empty.txt"\r\nContent-Type: text/plain', b""),
        ('name="three"; filename="Größe.bin"\r\nContent-Type: application/x-odd', lines)]), framing)
    assert got["form"] == {"title": ["Zwei Dateien – für euch"]}
    assert got["files"] == [
        {"field": field, "name": name, "type": kind, "size": len(content),
         "sha256": hashlib.sha256(content).hexdigest()}
        for field, name, kind, content in (
            ("one", "a picture (1).jpg", "image/jpeg", binary), ("two", "empty.txt", "text/plain", b""),
            ("three", "Größe.bin", "application/x-odd", lines))]


def test_each_cookie_that_is_set_comes_in_a_line_of_its_own(site):
    answer = site.ask("/login")
    assert answer.status == 200 and answer.body == b"logged in\n"
    cookies = cookies_of(answer)
    assert list(cookies) == ["session", "theme", "old"]
    assert cookies["session"][1] == ["httponly", "path", "samesite"]
    assert "max-age" in cookies["theme"][1] and cookies["theme"][0] == "dark"
    assert cookies["old"][0] == "" and "expires" in cookies["old"][1]


def test_cookies_that_are_sent_back_are_the_ones_that_were_set(site):
    """As a browser does, with the values as they stand in Set-Cookie."""
    set_cookies = cookies_of(site.ask("/login"))
    line = "; ".join(f"{name}={value}" for name, (value, _) in set_cookies.items() if value)
    assert site.ask("/cookies", headers={"Cookie": line}).json == {"session": "s3cret/==", "theme": "dark"}


@pytest.mark.parametrize("code", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_redirect_is_passed_on_and_not_followed(site, method, code):
    answer = site.ask(f"/redirect/{code}", method)
    assert answer.status == code, answer
    assert answer.headers["location"] == "/form?from=%C3%A4"
    assert site.ask(answer.headers["location"]).json["query"] == {"from": ["ä"]}


@pytest.mark.parametrize("host", ["shop.example", "shop.example:8443", "[2001:db8::1]:8080"])
def test_the_application_sees_the_host_that_was_asked_for(site, host):
    answer = site.ask("/redirect/absolute", headers={"Host": host})
    assert answer.status == 302 and answer.headers["location"] == f"http://{host}/form", answer


def test_a_compressed_answer_is_passed_on_byte_for_byte(site):
    answer = site.ask("/gzip", headers={"Accept-Encoding": "gzip"})
    assert answer.headers["content-encoding"] == "gzip"
    assert gzip.decompress(answer.body) == TEXT
    assert answer.body == site.agent.visit("/gzip", headers={"Accept-Encoding": "gzip"}).body
    head = site.ask("/gzip", "HEAD", {"Accept-Encoding": "gzip"})
    assert head.body == b"" and head.headers["content-encoding"] == "gzip"


def test_an_answer_of_many_small_pieces_arrives_whole(site):
    answer = site.ask("/stream")
    assert answer.status == 200 and "content-length" not in answer.headers
    assert answer.headers["transfer-encoding"] == "chunked"
    assert answer.text == "".join(f"piece {number}\n" for number in range(200))


def test_a_conditional_request_is_answered_by_the_application(site):
    """The entity tag goes to the client and comes back; 304 has no body, and the connection goes on."""
    connection = site.agent.admin.connection()
    try:
        whole = exchange(connection, "GET", forwarded(site.pid, "/gzip"))
        assert whole.status == 200
        sock = connection.sock
        known = exchange(connection, "GET", forwarded(site.pid, "/gzip"),
                         {"If-None-Match": whole.headers["etag"]})
        assert known.status == 304 and known.body == b"", known
        assert known.headers["etag"] == whole.headers["etag"]
        other = exchange(connection, "GET", forwarded(site.pid, "/gzip"), {"If-None-Match": '"another"'})
        assert other.status == 200 and other.body == whole.body
        assert connection.sock is sock, "the connection was not kept"
    finally:
        connection.close()


def test_an_unknown_page_is_the_application_s_own_404(site):
    answer = site.agent.admin.forward(site.pid, "/no/such/page?x=1")
    assert answer.status == 404
    assert answer.headers["x-gangway-route"] == "pool" and "x-gangway-error" not in answer.headers
    assert b"Not Found" in answer.body or b"Cannot GET /no/such/page" in answer.body


def test_a_site_serves_many_requests_over_one_connection(site):
    """All kinds in turn: none leaves anything behind for the next."""
    connection = site.agent.admin.connection()
    try:
        connection.connect()
        sock = connection.sock
        for turn in range(10):
            for target, method, headers, body, status in (
                    ("/form?a=1", "POST", {"Content-Type": "application/x-www-form-urlencoded"}, b"b=2", 200),
                    ("/gzip", "GET", {}, None, 200), ("/stream", "GET", {}, None, 200),
                    ("/redirect/303", "POST", {}, b"", 303), ("/login", "HEAD", {}, None, 200),
                    ("/form", "PUT", {"Transfer-Encoding": "chunked",
                                      "Content-Type": "application/x-www-form-urlencoded"},
                     iter([b"b=", b"2"]), 200)):
                answer = exchange(connection, method, forwarded(site.pid, target), headers, body)
                assert answer.status == status, (turn, target, answer)
                assert connection.sock is sock, f"the connection was not kept after {target}"
    finally:
        connection.close()
