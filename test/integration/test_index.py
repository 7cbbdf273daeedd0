"""GET /v1 and GET /v1/openapi.yaml: what they say of each endpoint is what the endpoint does."""

import re
from pathlib import Path

import pytest
import yaml

DOCS = Path(__file__).resolve().parents[2] / "docs"
DOCUMENT = DOCS / "openapi.yaml"
METHODS = ("get", "post")


@pytest.fixture
def index(python):
    return python.admin.get("/v1").json["endpoints"]


def resolved(document, part):
    """What a $ref stands for."""
    while "$ref" in part:
        name = part["$ref"]
        part = document
        for key in name.removeprefix("#/").split("/"):
            part = part[key]
    return part


def documented():
    """{(method, path): (whether a body is taken, whether read-only accounts are refused, {parameter: …})}"""
    document = yaml.safe_load(DOCUMENT.read_text())
    found = {}
    for path, item in document["paths"].items():
        for method in METHODS:
            if method not in item or "{path}" in path:
                continue
            operation = item[method]
            parameters = {}
            for part in operation.get("parameters", []):
                parameter = resolved(document, part)
                if parameter["in"] == "query":
                    schema = resolved(document, parameter["schema"])
                    words = resolved(document, schema.get("items", {})).get("enum")
                    parameters[parameter["name"]] = (parameter.get("required", False), schema["type"],
                                                     sorted(words) if words else None)
            found[method.upper(), path] = ("requestBody" in operation, "403" in operation["responses"], parameters)
    return found


def test_the_openapi_document_is_served_as_it_is_in_the_repository(python):
    answer = python.admin.get("/v1/openapi.yaml")
    assert (answer.status, answer.headers["content-type"]) == (200, "application/yaml")
    assert answer.body == DOCUMENT.read_bytes()


def test_the_openapi_document_says_of_each_endpoint_what_the_index_says(index):
    types = {"text": "string", "json": "string", "words": "array", "flag": "boolean", "count": "integer",
             "seconds": "number"}
    served = {}
    for endpoint in index:
        if endpoint["method"] == "any":
            continue
        parameters = {parameter["name"]: (parameter["required"], types[parameter["type"]],
                                          sorted(parameter["words"]) if "words" in parameter else None)
                      for parameter in endpoint["parameters"]}
        acts = endpoint["need"] == "acts" or any(one["need"] == "acts" for one in endpoint["parameters"])
        served[endpoint["method"], endpoint["path"]] = (endpoint["body"], acts, parameters)
    assert served == documented()


def rows_below(heads):
    """The cells of each row of the table of api.md with these heads."""
    text = (DOCS / "api.md").read_text()
    table = text.split(f"\n| {' | '.join(heads)} |\n")[1].split("\n\n")[0]
    return [[cell.strip() for cell in row.strip("|").split("|")] for row in table.splitlines()[1:]]


def test_the_chapter_on_the_api_has_each_endpoint_and_each_parameter(index):
    told = {tuple(re.match(r"`(GET|POST) (/v1[^`]*)`", cells[0]).groups())
            for cells in rows_below(["endpoint", "does"]) if not cells[0].startswith("any method")}
    assert told == {(one["method"], one["path"]) for one in index if one["method"] != "any"}
    told = {(path, name)
            for parameters, paths, _ in rows_below(["parameter", "on", "meaning"])
            for path in re.findall(r"/v1[^`]*", paths) for name in re.findall(r"`([a-z_]+)", parameters)}
    assert told == {(one["path"], parameter["name"]) for one in index for parameter in one["parameters"]}


def test_the_index_is_a_page_for_browsers_and_json_for_anybody_else(python):
    page = python.admin.get("/v1", headers={"Accept": "text/html,application/xhtml+xml;q=0.9,*/*;q=0.8"})
    assert page.status == 200 and page.headers["content-type"] == "text/html; charset=utf-8"
    assert page.headers["content-security-policy"].startswith("default-src 'none'")
    assert b'<a href="/v1/processes">' in page.body
    for accept in ("*/*", "application/json"):
        answer = python.admin.get("/v1", headers={"Accept": accept})
        assert answer.headers["content-type"] == "application/json" and answer.headers["vary"] == "Accept"


def test_each_parameter_of_the_index_is_one_that_its_endpoint_takes(python, index):
    process = python.admin.processes()[0]["pid"]
    group = python.admin.get("/v1/groups").json["groups"][0]["name"]
    for endpoint in index:
        path = endpoint["path"].format(id=process, name=group.replace("/", "%2F").replace(" ", "%20"), path="")
        for parameter in endpoint["parameters"]:
            told = python.admin.get(f"{path}?{parameter['name']}=x&{parameter['name']}=x")
            assert told.code == "bad_parameter" and parameter["name"] in told.json["detail"], (path, parameter)
            assert "is not a parameter" not in told.json["detail"], (path, parameter)


@pytest.mark.parametrize("path, meant", [
    ("/v1/proceses", "/v1/processes"), ("/v1/pool/", "/v1/pool"), ("/v1/", "/v1"),
    ("/v1/processes/12/helth", "/v1/processes/{id}/health"), ("/v1/group", "/v1/groups")])
def test_a_path_that_is_not_there_is_told_with_the_one_that_was_meant(python, path, meant):
    answer = python.admin.get(path)
    assert (answer.status, answer.code) == (404, "not_found")
    assert f"did you mean {meant}?" in answer.json["detail"]


def test_a_parameter_that_is_not_there_is_told_with_the_one_that_was_meant(python):
    answer = python.admin.get("/v1/processes?sate=enabled")
    assert (answer.status, answer.code) == (400, "bad_parameter")
    assert "did you mean 'state'?" in answer.json["detail"]
