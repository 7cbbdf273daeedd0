"""The mirror of ../README.md on WSGI."""

import base64
import json


def body_of(environ):
    """Passenger ends a body of unknown length by EOF."""
    if environ.get("CONTENT_LENGTH"):
        return environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"]))
    return environ["wsgi.input"].read() if "HTTP_TRANSFER_ENCODING" in environ else b""


def application(environ, start_response):
    body = body_of(environ)
    if "HTTP_X_ANSWER" in environ:
        answer = json.loads(base64.b64decode(environ["HTTP_X_ANSWER"]))
        start_response(answer["status"], [tuple(header) for header in answer["headers"]])
        return [piece.encode("latin-1") for piece in answer["pieces"]]
    seen = json.dumps({
        "variables": {name: value for name, value in environ.items() if isinstance(value, str)},
        "body": base64.b64encode(body).decode()}).encode()
    headers = [("Content-Type", "application/json"), ("Content-Length", str(len(seen)))]
    if environ["REQUEST_METHOD"] == "HEAD":
        headers.append(("X-Seen", base64.b64encode(seen).decode()))
    start_response("200 OK", headers)
    return [seen]
