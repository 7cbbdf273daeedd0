"""The web application of ../README.md on Flask."""

import gzip
import hashlib
import os

from flask import Flask, Response, jsonify, redirect, request

HERE = os.path.dirname(os.path.abspath(__file__))
TEXT = b"compressed by the application\n" * 2000
COMPRESSED = gzip.compress(TEXT, mtime=0)

application = Flask(__name__)


def journal(line):
    with open(os.path.join(HERE, "journal"), "a") as file:
        file.write(line + "\n")


@application.get("/")
def root():
    return f"pid={os.getpid()}\n"


@application.route("/form", methods=["GET", "POST", "PUT"])
def form():
    return jsonify(query=request.args.to_dict(flat=False), form=request.form.to_dict(flat=False))


@application.post("/upload")
def upload():
    files = []
    for field, file in request.files.items(multi=True):
        content = file.read()
        files.append({"field": field, "name": file.filename, "type": file.mimetype,
                      "size": len(content), "sha256": hashlib.sha256(content).hexdigest()})
    return jsonify(form=request.form.to_dict(flat=False), files=files)


@application.get("/login")
def login():
    answer = Response("logged in\n")
    answer.set_cookie("session", "s3cret/==", path="/", httponly=True, samesite="Lax")
    answer.set_cookie("theme", "dark", max_age=3600)
    answer.delete_cookie("old")
    return answer


@application.get("/cookies")
def cookies():
    return jsonify(request.cookies)


@application.route("/redirect/<int:code>", methods=["GET", "POST"])
def redirected(code):
    return redirect("/form?from=%C3%A4", code)


@application.get("/redirect/absolute")
def redirected_to_host():
    return redirect(request.host_url + "form")


@application.get("/gzip")
def compressed():
    answer = Response(COMPRESSED, headers={"Content-Encoding": "gzip", "Vary": "Accept-Encoding"},
                      mimetype="text/plain")
    answer.add_etag()
    return answer.make_conditional(request)


@application.get("/stream")
def stream():
    return Response((f"piece {number}\n" for number in range(200)), mimetype="text/plain")


@application.get("/events")
def events():
    return Response(sent_one_at_a_time(), mimetype="text/event-stream")


def sent_one_at_a_time():
    journal("begun")
    asked = os.open(os.path.join(HERE, "next"), os.O_RDONLY)
    number = 0
    try:
        while os.read(asked, 1):
            number += 1
            yield f"id: {number}\ndata: event {number}\n\n"
    finally:
        os.close(asked)
        journal("ended")
