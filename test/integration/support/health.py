"""Health checks, as a client of the admin socket asks for them."""

import json
from urllib.parse import urlencode

from support.client import Answer

RESULT_KEYS = {"pid", "gupid", "group", "state", "reason", "detail", "status", "latency_seconds",
               "body_bytes", "route", "busy_since", "checked_at"}
SUMMARY_KEYS = {"total", "healthy", "unhealthy", "busy", "skipped", "duration_seconds", "deadline_reached"}
LINES = "application/x-ndjson"


def check_target(process, **parameters):
    """A parameter's value that is no text is written as JSON."""
    query = {name: value if isinstance(value, str) else json.dumps(value)
             for name, value in parameters.items()}
    return f"/v1/processes/{process}/health" + ("?" + urlencode(query) if query else "")


def result_in(answer):
    """The result of the check of one process."""
    assert answer.status == 200, answer
    document = answer.json
    assert set(document) == {"result"}, document
    return well_formed(document["result"])


def well_formed(result):
    """What holds for every result."""
    with_requests = result["reason"] in ("busy", "busy_too_long")
    assert set(result) == (RESULT_KEYS | {"requests"} if with_requests else RESULT_KEYS), result
    healthy = result["state"] == "healthy"
    assert (result["reason"] is None) == healthy and (result["detail"] is None) == healthy, result
    if not healthy:
        assert result["detail"].endswith(".") and result["detail"].isprintable(), result
    assert (result["route"] is None) == (result["latency_seconds"] is None), result
    return result


def check(agent, process, **parameters):
    return result_in(agent.admin.get(check_target(process, **parameters)))


def verdict(result):
    return result["state"], result["reason"]


class RawCheck:
    """The check of a raw worker, while the test is the worker."""

    def __init__(self, raw, **parameters):
        self.client = raw.client()
        target = check_target(raw.pid, **parameters)
        self.client.send(f"GET {target} HTTP/1.1\r\nHost: x\r\n\r\n".encode())

    def result(self):
        return result_in(self.client.answer())


def post(agent, body=None, headers=None, **options):
    """POST /v1/health with that object, or with bytes as they stand."""
    if body is not None and not isinstance(body, bytes):
        body = json.dumps(body).encode()
    return agent.admin.request("POST", "/v1/health", headers, body, **options)


def document_of(agent, body=None, headers=None, **options):
    """(summary, results) of many checks."""
    answer = post(agent, body, headers, **options)
    assert answer.status == 200 and answer.headers["content-type"] == "application/json", answer
    return summed_up(answer.json["summary"], answer.json["results"])


def summed_up(summary, results):
    """What holds for every summary."""
    assert set(summary) == SUMMARY_KEYS, summary
    assert summary["total"] == len(results), summary
    for state in ("healthy", "unhealthy", "busy", "skipped"):
        assert summary[state] == sum(result["state"] == state for result in results), summary
    for result in results:
        well_formed(result)
    return summary, results


class Stream:
    """Many checks whose results are read as they come."""

    def __init__(self, agent, body=None, timeout=30):
        self.connection = agent.admin.connection(timeout)
        self.connection.request("POST", "/v1/health", json.dumps(body or {}).encode(), {"Accept": LINES})

    def __enter__(self):
        self.response = self.connection.getresponse()
        if self.response.status != 200:
            raise AssertionError(Answer(self.response))
        assert self.response.getheader("Content-Type") == LINES
        return self

    def __exit__(self, *_):
        self.hang_up()

    def hang_up(self):
        self.response.close()
        self.connection.close()

    def line(self):
        """The next line, as (key, value); waits for it. None at the end."""
        text = self.response.readline()
        if not text:
            return None
        assert text.endswith(b"\n"), text
        ((key, value),) = json.loads(text).items()
        return key, value

    def result(self):
        key, value = self.line()
        assert key == "result", (key, value)
        return value

    def rest(self):
        """The results that are still to come, and the summary, behind which there is nothing."""
        results = []
        while True:
            key, value = self.line()
            if key == "summary":
                assert self.line() is None
                return results, value
            results.append(value)
