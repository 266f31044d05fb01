#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Holds the server of host/control.h to docs/openapi.yaml. Usage: openapi.py BIN_DIR DOCS_DIR

The server's table and the file have the same paths, methods, summaries and rights; every kind of
answer, errors included, is what the file says. Exit status 77 where a library is missing."""

import http.client
import json
import os
import socket
import sys
import unittest

from fake_daemon import DEADLINE, DaemonCase

try:
    import jsonschema
    import yaml
except ImportError as missing:
    print(f"{missing}: scripts/deps installs it")
    sys.exit(77)

DOCS = sys.argv[2]
ORDINARY = 65534


class UnixConnection(http.client.HTTPConnection):
    def __init__(self, path):
        super().__init__("localhost", timeout=DEADLINE)
        self.path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(DEADLINE)
        self.sock.connect(self.path)


class Description:
    def __init__(self):
        with open(os.path.join(DOCS, "openapi.yaml"), encoding="utf-8") as file:
            self.root = yaml.safe_load(file)
        self.resolver = jsonschema.RefResolver("", self.root)

    def deref(self, node):
        while "$ref" in node:
            node = self.resolver.resolve(node["$ref"])[1]
        return node

    def operations(self):
        for path, item in self.root["paths"].items():
            for method, operation in item.items():
                if method != "parameters":
                    yield method.upper(), path, operation

    def operation(self, method, path):
        return self.root["paths"][path][method.lower()]

    def check(self, schema, value):
        validator = jsonschema.Draft202012Validator(schema, resolver=self.resolver)
        errors = [f"{list(e.absolute_path)}: {e.message}" for e in validator.iter_errors(value)]
        assert not errors, f"{errors} in {value}"

    def check_answer(self, method, path, status, kind, body):
        responses = self.operation(method, path)["responses"]
        response = self.deref(responses.get(str(status), responses["default"]))
        kinds = response["content"]
        assert kind in kinds, f"{method} {path}: {status} has type {kind}, not one of {list(kinds)}"
        lines = [body] if kind == "application/json" else body.splitlines()
        for line in lines if "json" in kind else []:
            self.check(kinds[kind]["schema"], json.loads(line))


class Case(DaemonCase):
    def setUp(self):
        super().setUp()
        os.chmod(self.dir.name, 0o755)
        self.description = Description()

    def ask(self, method, path, body=None, query="", wanted=None, **args):
        """path: as in the file, with its braces filled from args. Checks, and gives the body."""
        target = path.format(**args) + query
        if body is not None:
            schema = self.description.operation(method, path).get("requestBody")
            if schema and wanted in (200, 201):
                self.description.check(schema["content"]["application/json"]["schema"], body)
        connection = UnixConnection(self.socket)
        headers = {"Content-Type": "application/json"} if body is not None else {}
        connection.request(method, target, json.dumps(body) if body is not None else None, headers)
        answer = connection.getresponse()
        text = answer.read().decode()
        connection.close()
        kind = answer.getheader("Content-Type").split(";")[0]
        self.description.check_answer(method, path, answer.status, kind, text)
        if wanted:
            self.assertEqual(answer.status, wanted, text)
        return json.loads(text) if kind == "application/json" else text

    def test_table(self):
        routes = {(r["method"], r["path"]): r for r in self.ask("GET", "/v1")["routes"]}
        described = {(m, p): o for m, p, o in self.description.operations()}
        self.assertEqual(set(routes), set(described))
        for key, operation in described.items():
            self.assertEqual(routes[key]["summary"], operation["summary"])
            admins = "For administrators." in operation.get("description", "")
            self.assertEqual(routes[key]["admin"], admins, key)

    def test_every_path_can_be_asked(self):
        """What is in the table is served: no answer says that there is no such path or method."""
        for method, path, _ in self.description.operations():
            body = {} if method in ("PATCH", "POST") and path != "/v1/reload" else None
            answer = self.ask(method, path, body, wanted=None, name="gone", id="t1")
            if isinstance(answer, dict) and "error" in answer:
                self.assertNotEqual(answer["error"]["code"], "method")
                self.assertNotIn("GET /v1 lists", answer["error"]["message"])

    def test_life_of_a_session(self):
        made = self.ask("POST", "/v1/sessions",
                        {"name": "one", "argv": ["gears", "-x"], "env": {"A": "b"},
                         "settings": {"fps": 30, "size": "800x600"},
                         "ticket": {"uses": 1, "ttl_s": 60, "view": True}}, wanted=201)
        self.assertEqual(made["session"]["settings"]["fps"], 30)
        self.assertEqual(made["session"]["settings"]["size"], "800x600")
        self.assertEqual(made["session"]["argv"], ["gears", "-x"])
        self.assertEqual((made["ticket"]["uses_left"], made["ticket"]["view"]), (1, True))
        self.assertIsNone(made["session"]["stats"])
        self.tell("watch one")
        shown = self.ask("GET", "/v1/sessions/{name}", name="one", wanted=200)["session"]
        self.assertEqual((shown["stats"]["kbps"], shown["clients"][0]["id"]), (8200, 7))
        self.assertEqual(shown["scheduler"]["culprits"][0], {"session": "render-farm", "misses": 9})
        self.assertEqual((shown["scheduler"]["ms_per_s"], shown["share"]), (620, "user anna"))
        answer = self.ask("GET", "/v1/sessions", wanted=200)
        self.assertEqual(answer["devices"], self.ask("GET", "/v1", wanted=200)["devices"])
        self.assertEqual(answer["devices"][0]["promised_permille"], 400)
        listed = answer["sessions"]
        self.assertEqual([s["name"] for s in listed], ["one"])
        after = self.ask("PATCH", "/v1/sessions/{name}", {"settings": {"fps": "24"}}, name="one",
                         wanted=200)
        self.assertEqual(after["session"]["settings"]["fps"], 24)
        self.assertEqual(self.ask("DELETE", "/v1/sessions/{name}", name="one", wanted=200)["name"],
                         "one")
        self.assertEqual(self.ask("GET", "/v1/sessions", wanted=200)["sessions"], [])

    def test_tickets(self):
        self.ask("POST", "/v1/sessions", {"name": "one", "argv": ["x"]}, wanted=201)
        path = "/v1/sessions/{name}/tickets"
        first = self.ask("POST", path, {}, name="one", wanted=201)["ticket"]
        self.ask("POST", path, {"ttl_s": 0}, name="one", wanted=201)
        tickets = self.ask("GET", path, name="one", wanted=200)["tickets"]
        self.assertEqual([t["id"] for t in tickets], ["t1", "t2"])
        self.assertNotIn("url", tickets[0])
        self.assertEqual((tickets[0]["expires"] > 0, tickets[1]["expires"]), (True, 0))
        self.ask("DELETE", path + "/{id}", name="one", id=first["id"], wanted=200)
        self.ask("DELETE", path + "/{id}", name="one", id=first["id"], wanted=404)
        self.ask("DELETE", path + "/{id}", name="one", id="all", wanted=200)
        self.assertEqual(self.ask("GET", path, name="one", wanted=200)["tickets"], [])

    def test_refusals_of_create(self):
        self.ask("POST", "/v1/sessions", {"name": "one", "argv": ["x"]}, wanted=201)
        for status, words, body in (
                (400, "'nmae'", {"nmae": "x"}),
                (400, "'colour' in 'ticket'", {"argv": ["x"], "ticket": {"colour": 1}}),
                (400, "nothing is said to run", {"name": "two"}),
                (400, "nothing is said to run", {"argv": []}),
                (400, "../up", {"name": "../up", "argv": ["x"]}),
                (400, "63 bytes", {"name": "n" * 64, "argv": ["x"]}),
                (400, "'argv' must be a list", {"argv": "x"}),
                (400, "'argv' must be a list", {"argv": [1]}),
                (400, "4096", {"argv": ["x"] * 4097}),
                (400, "A=B", {"argv": ["x"], "env": {"A=B": "c"}}),
                (400, "'env' must be", {"argv": ["x"], "env": ["A=b"]}),
                (400, "'fps' must be", {"argv": ["x"], "settings": {"fps": 1.5}}),
                (400, "fps=0", {"argv": ["x"], "settings": {"fps": 0}}),
                (400, "colour", {"argv": ["x"], "settings": {"colour": "red"}}),
                (400, "'uses' must be", {"argv": ["x"], "ticket": {"uses": -1}}),
                (400, "'ttl_s' must be", {"argv": ["x"], "ticket": {"ttl_s": 10 ** 12}}),
                (400, "'view' must be", {"argv": ["x"], "ticket": {"view": 1}}),
                (400, "'queue' must be", {"argv": ["x"], "queue": 1}),
                (404, "'none'", {"app": "none"}),
                (409, "already", {"name": "one", "argv": ["x"]}),
                (507, "space", {"name": "disk-full", "argv": ["x"]}),
                (500, "ended at once", {"argv": ["fails"]})):
            error = self.ask("POST", "/v1/sessions", body, wanted=status)["error"]
            self.assertIn(words, error["message"], body)
        self.assertEqual(len(self.ask("GET", "/v1/sessions")["sessions"]), 1)

    def test_limit_of_a_user(self):
        for i in range(40):
            self.ask("POST", "/v1/sessions", {"name": f"s{i}", "argv": ["x"]}, wanted=201)
        error = self.ask("POST", "/v1/sessions", {"argv": ["x"]}, wanted=429)["error"]
        self.assertEqual(error["code"], "limit")

    def test_settings_all_or_none(self):
        self.ask("POST", "/v1/sessions", {"name": "one", "argv": ["x"]}, wanted=201)
        for settings in ({"fps": 10, "colour": 1}, {"fps": 10, "encoder": "x"}, {}, {"Fps": 10}):
            self.ask("PATCH", "/v1/sessions/{name}", {"settings": settings}, name="one", wanted=400)
        shown = self.ask("GET", "/v1/sessions/{name}", name="one")["session"]
        self.assertEqual(shown["settings"]["fps"], 60)

    def test_unknown(self):
        for method, path, body in (
                ("GET", "/v1/sessions/{name}", None), ("DELETE", "/v1/sessions/{name}", None),
                ("PATCH", "/v1/sessions/{name}", {"settings": {"fps": 5}}),
                ("GET", "/v1/sessions/{name}/tickets", None),
                ("POST", "/v1/sessions/{name}/tickets", {}),
                ("GET", "/v1/sessions/{name}/logs", None)):
            error = self.ask(method, path, body, name="no-such", wanted=404)["error"]
            self.assertIn("no-such", error["message"])
        self.ask("GET", "/v1/sessions", query="?wrong=1", wanted=400)
        self.ask("GET", "/v1/events", query="?since=x", wanted=400)
        self.ask("GET", "/v1/events", query="?since=1&since=2", wanted=400)

    def test_logs(self):
        self.ask("POST", "/v1/sessions", {"name": "one", "argv": ["x"]}, wanted=201)
        path = "/v1/sessions/{name}/logs"
        self.assertEqual(self.ask("GET", path, name="one", wanted=200), "one\ntwo\nthree\n")
        self.assertEqual(self.ask("GET", path, query="?lines=2", name="one"), "two\nthree\n")
        self.assertEqual(self.ask("GET", path, query="?lines=0", name="one"), "")
        self.assertEqual(self.ask("GET", path, query="?file=worker", name="one"), "started\n")
        self.ask("GET", path, query="?file=../app", name="one", wanted=400)

    def test_events(self):
        self.ask("POST", "/v1/sessions", {"name": "one", "argv": ["x"]}, wanted=201)
        self.tell("event session-hung one it does not answer")
        lines = [json.loads(l) for l in self.ask("GET", "/v1/events", wanted=200).splitlines()]
        self.assertEqual([l["kind"] for l in lines],
                         ["session-created", "session-running", "session-hung"])
        later = self.ask("GET", "/v1/events", query=f"?since={lines[1]['seq']}").splitlines()
        self.assertEqual([json.loads(l)["text"] for l in later], ["it does not answer"])

    def test_daemon(self):
        self.assertIn("server", self.ask("GET", "/v1/config", wanted=200)["config"])
        self.assertEqual(self.ask("POST", "/v1/reload", wanted=200)["needs_restart"], "port")
        self.assertIn("gpushare_sessions", self.ask("GET", "/metrics", wanted=200))
        self.assertEqual(len(self.ask("GET", "/v1/apps", wanted=200)["apps"]), 2)

    @unittest.skipUnless(os.geteuid() == 0, "takes root, to ask as somebody else")
    def test_ordinary_user(self):
        self.ask("POST", "/v1/sessions", {"name": "roots", "argv": ["x"]}, wanted=201)
        pid = os.fork()
        if pid == 0:
            os.setgroups([])
            os.setresgid(ORDINARY, ORDINARY, ORDINARY)
            os.setresuid(ORDINARY, ORDINARY, ORDINARY)
            os._exit(self.as_ordinary_user())
        self.assertEqual(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), 0)
        self.assertEqual(len(self.ask("GET", "/v1/sessions")["sessions"]), 2)

    def as_ordinary_user(self):
        try:
            self.assertFalse(self.ask("GET", "/v1")["caller"]["admin"])
            self.assertEqual(self.ask("GET", "/v1/sessions")["sessions"], [])
            for method in ("GET", "DELETE"):
                self.ask(method, "/v1/sessions/{name}", name="roots", wanted=404)
            self.ask("GET", "/v1/config", wanted=403)
            self.ask("POST", "/v1/reload", wanted=403)
            self.assertEqual(self.ask("GET", "/v1/events"), "")
            names = [a["name"] for a in self.ask("GET", "/v1/apps")["apps"]]
            self.assertEqual("private" in names, self.ask("GET", "/v1")["caller"]["user"] == "nobody")
            other = {"argv": ["x"], "user": "root"}
            self.ask("POST", "/v1/sessions", other, wanted=403)
            made = self.ask("POST", "/v1/sessions", {"name": "mine", "argv": ["x"]}, wanted=201)
            self.assertEqual(made["session"]["uid"], ORDINARY)
            self.tell("watch mine")
            shown = self.ask("GET", "/v1/sessions/{name}", name="mine", wanted=200)["session"]
            self.assertEqual(shown["scheduler"]["culprits"][0], {"session": "", "misses": 9})
            return 0
        except BaseException as failure:  # pylint: disable=broad-except
            print(failure, file=sys.stderr)
            return 1


unittest.main(argv=sys.argv[:1])
