"""The written procedure by the JSON API, over TLS, with curl: people by password and by token, roles enforced, forged
requests refused; and every answer is as agent/openapi.json describes it."""

import base64
import hashlib
import json
import pathlib
import subprocess

from case import CityHall, main, wait_until

HERE = pathlib.Path(__file__).resolve().parent
DESCRIPTION = json.loads((HERE.parent.parent / "agent" / "openapi.json").read_text())
URL = "https://127.0.0.1:8443"
PASSWORD = "正しい馬と電池とホチキス"
REFUSED_LINE = "Nov 24 09:00:00 cs-2 sshd[4000]: Failed password for backup from 192.0.2.77 port 60000 ssh2"
NEAR_LINE = "Nov 24 09:00:00 cs-2 sshd[4000]: Connection closed 個人番号 123456789012"


class Reply:
    def __init__(self, output):
        head, _, self.body = output.partition(b"\r\n\r\n")
        while head.startswith(b"HTTP/1.1 100"):
            head, _, self.body = self.body.partition(b"\r\n\r\n")
        lines = head.decode().split("\r\n")
        self.status = int(lines[0].split()[1])
        self.headers = [tuple(part.strip() for part in line.split(":", 1)) for line in lines[1:]]

    def header(self, name):
        return next((value for key, value in self.headers if key.lower() == name.lower()), None)

    @property
    def json(self):
        return json.loads(self.body)


def fits(schema, value, place="answer"):
    """Every field of the value is described, and every field that the description requires is there."""
    if "$ref" in schema:
        return fits(DESCRIPTION["components"]["schemas"][schema["$ref"].rsplit("/", 1)[1]], value, place)
    if "oneOf" in schema:
        problems = [fits(one, value, place) for one in schema["oneOf"]]
        return [] if [] in problems else problems[0]
    if "const" in schema and value != schema["const"]:
        return [f"{place}: {value!r} is not {schema['const']!r}"]
    if "enum" in schema and value not in schema["enum"]:
        return [f"{place}: {value!r} is none of {schema['enum']}"]
    names = {dict: "object", list: "array", str: "string", bool: "boolean", int: "integer", float: "number",
             type(None): "null"}
    wanted = schema.get("type", names[type(value)])
    wanted = wanted if isinstance(wanted, list) else [wanted]
    if names[type(value)] not in wanted and not (isinstance(value, int) and "number" in wanted):
        return [f"{place}: {value!r} is no {wanted}"]
    problems = []
    if isinstance(value, list):
        for index, item in enumerate(value):
            problems += fits(schema["items"], item, f"{place}[{index}]")
    if isinstance(value, dict):
        known = schema.get("properties", {})
        problems += [f"{place}: {key} is missing" for key in schema.get("required", []) if key not in value]
        for key, part in value.items():
            if key in known:
                problems += fits(known[key], part, f"{place}.{key}")
            elif isinstance(schema.get("additionalProperties"), dict):
                problems += fits(schema["additionalProperties"], part, f"{place}.{key}")
            elif schema.get("additionalProperties") is False:
                problems.append(f"{place}: {key} is not described")
    return problems


class Test(CityHall):
    tokens = {}

    @classmethod
    def before_start(cls):
        cls.folder = cls.lab.folder
        (cls.folder / "secrets").mkdir(exist_ok=True)
        cls.secret("password", cls.made("password", input=PASSWORD + "\n").stdout)
        for person in ("kato", "ito", "citizens", "suzuki", "sato"):
            made = cls.made("password", "--token", "--lang", "en")
            cls.tokens[person] = next(line.rsplit(" ", 1)[1] for line in made.stderr.splitlines() if "person" in line)
            cls.secret(person, made.stdout)
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
                        "-keyout", cls.folder / "key.pem", "-out", cls.folder / "cert.pem", "-days", "2", "-subj",
                        "/CN=nethealth", "-addext", "subjectAltName=IP:127.0.0.1"], check=True, capture_output=True)
        (cls.folder / "key.pem").chmod(0o600)

    @classmethod
    def made(cls, *words, **keywords):
        return subprocess.run([cls.daemon.binary, *words], capture_output=True, text=True, check=True, **keywords)

    @classmethod
    def secret(cls, name, text):
        file = cls.folder / "secrets" / name
        file.touch(mode=0o600)
        file.write_text(text)

    @classmethod
    def change_now(cls):
        people = {person: {"token_file": f"secrets/{person}"} for person in cls.tokens}
        people["tanaka"] = {"password_file": "secrets/password"}
        return {"people": people, "http": {"listen": "127.0.0.1:8443", "certificate": "cert.pem", "key_file": "key.pem",
                                           "public_url": "https://nethealth.city.example"}}

    # Asking

    def ask(self, method, path, body=None, token=None, headers=(), cookie=None, described=True,
            media="application/json"):
        command = ["curl", "-sS", "-i", "--http1.1", "--max-time", "60", "--cacert", str(self.folder / "cert.pem"), "-X",
                   method, URL + path]
        if token:
            command += ["-H", f"Authorization: Bearer {token}"]
        if cookie:
            command += ["-H", f"Cookie: nethealth_session={cookie}"]
        for header in headers:
            command += ["-H", header]
        if body is not None:
            command += ["-H", f"Content-Type: {media}", "--data-binary", "@-"]
        run = self.lab.network.run("mon-1", command, capture_output=True,
                                   input=json.dumps(body).encode() if body is not None else None)
        reply = Reply(run.stdout)
        if described:
            self.check_description(method, path.partition("?")[0], reply)
        return reply

    def check_description(self, method, path, reply):
        def same(pattern):
            parts, given = pattern.split("/"), path.split("/")
            return len(parts) == len(given) and all(part == own or part.startswith("{") and own
                                                    for part, own in zip(parts, given))
        found = sorted((pattern for pattern in DESCRIPTION["paths"] if same(pattern)), key=lambda name: name.count("{"))
        self.assertTrue(found, f"{path} is not described")
        operation = DESCRIPTION["paths"][found[0]].get(method.lower())
        self.assertIsNotNone(operation, f"{method} {path} is not described")
        answer = operation["responses"].get(str(reply.status))
        self.assertIsNotNone(answer, f"{method} {path}: {reply.status} is not described: {reply.body[:500]}")
        if "$ref" in answer:
            answer = DESCRIPTION["components"]["responses"][answer["$ref"].rsplit("/", 1)[1]]
        media = reply.header("Content-Type").split(";")[0]
        content = answer["content"]
        if media not in content:
            self.assertIn(media, ("text/plain",), f"{method} {path}: {media} is not described")
            return
        if media == "application/json":
            self.assertEqual(fits(content[media]["schema"], reply.json), [], f"{method} {path}")
        self.asked.add((found[0], method.lower()))

    asked = set()

    def done(self, path, body, who, **keywords):
        reply = self.ask("POST", path, body, token=self.tokens[who], **keywords)
        self.assertEqual(reply.status, 200, reply.body.decode())
        return reply.json

    def refused(self, path, body, who, status=409):
        reply = self.ask("POST", path, body, token=self.tokens[who])
        self.assertEqual(reply.status, status, reply.body.decode())
        return reply.json["error"]

    def log_in(self, password=PASSWORD):
        return self.ask("POST", "/api/v1/session", {"person": "tanaka", "password": password})

    # The story

    def test_1_who_one_is(self):
        for path in ("/api/v1/status", "/api/v1/incidents", "/api/v1/session"):
            self.assertEqual(self.ask("GET", path).status, 401, path)
        self.assertEqual(self.ask("GET", "/api/v1/status", token="guess-" * 5).status, 401)
        self.assertEqual(self.log_in("falsches Passwort").status, 401)
        for path in ("/healthz", "/readyz"):
            self.assertEqual(self.ask("GET", path).status, 200)
        self.assertIn(b"nethealth_devices{state=\"healthy\"}", self.ask("GET", "/metrics").body)
        self.assertEqual(self.ask("GET", "/api/v1/openapi.json").json, DESCRIPTION)
        me = self.ask("GET", "/api/v1/session", token=self.tokens["kato"]).json
        self.assertEqual((me["person"], me["csrf"]), ("kato", None))
        self.assertIn("chief", me["roles"])

    def test_2_a_session_and_what_forges_it(self):
        reply = self.log_in()
        self.assertEqual(reply.status, 200, reply.body)
        cookie_line = reply.header("Set-Cookie")
        for part in ("HttpOnly", "SameSite=Strict", "Secure"):
            self.assertIn(part, cookie_line)
        cookie = cookie_line.split(";")[0].partition("=")[2]
        csrf = reply.json["csrf"]
        report = {"text": "媒体が見当たらない", "procedure": "misconduct", "rows": ["3b"]}
        self.assertEqual(self.ask("POST", "/api/v1/incidents", report, cookie=cookie).status, 403)
        self.assertEqual(self.ask("POST", "/api/v1/incidents", report, cookie=cookie,
                                  headers=["X-CSRF-Token: " + "0" * len(csrf)]).status, 403)
        self.assertEqual(self.ask("POST", "/api/v1/incidents", report, cookie=cookie,
                                  headers=[f"X-CSRF-Token: {csrf}", "Origin: https://evil.example"]).status, 403)
        self.assertEqual(self.ask("GET", "/api/v1/incidents", cookie=cookie).json, [])
        opened = self.ask("POST", "/api/v1/incidents", report, cookie=cookie,
                          headers=[f"X-CSRF-Token: {csrf}", f"Origin: {URL}"])
        self.assertEqual(opened.status, 200, opened.body)
        number = opened.json["incident"]
        shown = self.ask("GET", f"/api/v1/incidents/{number}", cookie=cookie).json
        self.assertEqual((shown["threat_level"], shown["reported_by"]), (3, "tanaka"))
        closed = self.ask("POST", f"/api/v1/incidents/{number}/close", {"reason": "置き忘れ", "decision": "false_alarm"},
                          cookie=cookie, headers=[f"X-CSRF-Token: {csrf}"])
        self.assertEqual(closed.status, 200, closed.body)
        self.assertEqual(self.ask("DELETE", "/api/v1/session", cookie=cookie).status, 403)
        self.assertEqual(self.ask("DELETE", "/api/v1/session", cookie=cookie, headers=[f"X-CSRF-Token: {csrf}"]).status, 200)
        self.assertEqual(self.ask("GET", "/api/v1/session", cookie=cookie).status, 401)

    def test_3_a_procedure_step_by_step(self):
        number = self.done("/api/v1/incidents", {"text": "画面が固まった", "device": "term-01"}, "citizens")["incident"]
        base = f"/api/v1/incidents/{number}"
        self.done(f"{base}/ack", None, "sato")
        self.assertIn("5.1.1.confirm", self.refused(f"{base}/steps/5.1.2", {}, "sato"))
        self.assertEqual(self.ask("GET", base, token=self.tokens["sato"]).json["acknowledged_by"], "sato")
        self.assertTrue(self.refused(f"{base}/steps/5.1.1.confirm", {"answers": {"hardware.lamps": "done"}}, "kato"))
        photo = {"name": "写真.jpg", "base64": base64.b64encode(b"\xff\xd8" + b"x" * 300_000).decode()}
        answers = {"finding": "画面が動かない", "hardware.lamps": "done", "software.event_log": "not_needed"}
        self.done(f"{base}/steps/5.1.1.confirm", {"answers": answers, "attachments": [photo]}, "citizens")
        draft = self.done(f"{base}/steps/5.1.2", {"answers": {"cause": "電源装置の故障"}, "draft": True}, "sato")
        self.assertIn("電源装置の故障", draft["body"])
        step = self.done(f"{base}/steps/5.1.2", {"answers": {"cause": "電源装置の故障"}}, "sato")
        self.assertTrue(step["journaled"])
        self.done(f"{base}/notes", {"text": "a=b と書いた", "by_telephone": True}, "suzuki")
        stored = self.folder / "state" / "state.db.attachments" / hashlib.sha256(base64.b64decode(photo["base64"])).hexdigest()
        self.assertEqual(stored.read_bytes(), base64.b64decode(photo["base64"]))
        self.assertEqual(stored.stat().st_mode & 0o777, 0o600)
        for path in ("", "/why", "/report", "/report?format=text", "/graph", "/measures"):
            self.assertEqual(self.ask("GET", base + path, token=self.tokens["sato"]).status, 200, path)
        self.assertIn("電源装置の故障", self.ask("GET", f"{base}/report", token=self.tokens["sato"]).body.decode())
        self.refused(f"{base}/measures", {"measure": "spare", "decision": "not_taken"}, "sato")
        self.refused(f"{base}/reclassify", {"procedure": "misconduct", "reason": ""}, "sato")
        self.refused(f"{base}/close", {"reason": "済み"}, "citizens")

    def test_4_what_makes_no_sense(self):
        token = self.tokens["sato"]
        self.assertIn("txet", self.refused("/api/v1/incidents", {"txet": "x"}, "sato", 422))
        self.assertEqual(self.ask("POST", "/api/v1/incidents", [], token=token).status, 422)
        self.assertEqual(self.ask("GET", "/api/v1/incidents/999", token=token).status, 404)
        self.assertEqual(self.ask("GET", "/api/v1/devices/nothing/why-not", token=token).status, 404)
        self.assertEqual(self.ask("GET", "/api/v1/procedures/other/graph", token=token).status, 404)
        self.assertEqual(self.ask("GET", "/api/v1/nothing", token=token, described=False).status, 404)
        wrong = self.ask("PUT", "/api/v1/incidents", {}, token=token, described=False)
        self.assertEqual((wrong.status, wrong.header("Allow")), (405, "GET, POST"))
        self.assertEqual(self.ask("POST", "/api/v1/incidents", {"text": "x"}, token=token, media="text/plain").status, 415)
        for path in ("/api/v1/devices/cs-1/why-not", "/api/v1/procedures/misconduct/graph",
                     "/api/v1/procedures/failure/form", "/api/v1/verify", "/api/v1/status",
                     "/api/v1/incidents"):
            self.assertEqual(self.ask("GET", path, token=token).status, 200, path)

    def test_5_evidence_of_misconduct(self):
        before = len(self.daemon.incidents())
        self.lab.log("cs-2/messages.log", NEAR_LINE, *[REFUSED_LINE] * 6, NEAR_LINE)
        wait_until(lambda: len(self.daemon.incidents()) > before, "the failed log-ins to be misconduct")
        number = self.daemon.incidents()[-1]["incident"]
        self.refused(f"/api/v1/incidents/{number}/evidence", None, "citizens")

        def kept():
            return [file for file in self.done(f"/api/v1/incidents/{number}/evidence", None, "ito")["files"]
                    if file["name"] == "lines.tsv" and base64.b64decode(file["base64"]).count(NEAR_LINE.encode()) == 2]
        wait_until(kept, "the lines around the event to be kept")
        status, output, errors = self.daemon.call("incident", "evidence", number, "--as", "ito", "--lang", "en", "--to",
                                                  str(self.folder / "proof"))
        self.assertEqual(status, 0, output + errors)
        subprocess.run(["sha256sum", "--quiet", "--strict", "-c", "SHA256SUMS"], check=True, cwd=self.folder / "proof")
        lines = (self.folder / "proof" / "lines.tsv").read_text().splitlines()
        self.assertEqual(sum(REFUSED_LINE in line for line in lines), 6)
        position = next(line for line in lines if REFUSED_LINE in line).split("\t")
        self.assertTrue(position[2].endswith("messages.log") and position[3].isdigit(), position)
        about = (self.folder / "proof" / "about.txt").read_text()
        self.assertIn("Clock offset", about)
        self.assertIn("(ito)", about)
        for name in ("report.txt", "report.html"):
            self.assertNotIn("123456789012", (self.folder / "proof" / name).read_text())
        records = self.incident(number)["records"]
        self.assertEqual([(record["person"], record["decision"]) for record in records if record["step"] == "evidence"][-1],
                         ("ito", "exported"))
        status, _, errors = self.daemon.call("incident", "evidence", number, "--as", "citizens", "--to",
                                             str(self.folder / "none"))
        self.assertEqual(status, 1)
        self.assertFalse((self.folder / "none").exists())

    def test_5_the_link_in_a_page_is_one_persons_and_works_once(self):
        before = len(self.lab.received("mail"))
        number = self.done("/api/v1/incidents", {"text": "印刷できない", "device": "term-02"}, "citizens")["incident"]
        page = self.wait_mail("the page", before, to="sato@city.example", text=f"#{number}")
        link = next(word for word in page["body"].split() if word.startswith("https://nethealth.city.example/answer/"))
        path = link.removeprefix("https://nethealth.city.example")

        def look(method="GET", body=""):
            form = ["-H", "Content-Type: application/x-www-form-urlencoded", "--data", body] if body else []
            command = ["curl", "-sS", "-i", "--http1.1", "--cacert", str(self.folder / "cert.pem"), "-X", method, *form]
            return Reply(self.lab.network.run("mon-1", [*command, URL + path], capture_output=True).stdout)
        for _ in range(3):  # as a mail scanner does
            shown = look()
            self.assertEqual(shown.status, 200, shown.body.decode())
        self.assertIn("私が対応します", shown.body.decode())
        self.assertIsNone(self.incident(number)["acknowledged_by"])
        self.assertEqual(look("POST", "do=nothing").status, 400)
        self.assertEqual(look("POST", "do=take").status, 200)
        self.assertEqual(self.incident(number)["acknowledged_by"], "sato")
        self.assertEqual(look("POST", "do=take").status, 404)
        self.assertEqual(look().status, 404)

    def test_5_passed_on(self):
        number = self.done("/api/v1/incidents", {"text": "帳票が出ない", "device": "term-01"}, "citizens")["incident"]
        self.done(f"/api/v1/incidents/{number}/pass", {"reason": "出張中"}, "sato")
        called = [page["person"] for page in self.incident(number)["notifications"] if page["kind"] in ("page", "escalation")]
        self.assertEqual(called[:2], ["sato", "suzuki"])
        self.refused(f"/api/v1/incidents/{number}/pass", {}, "citizens")

    def test_5_silences(self):
        self.assertEqual(self.ask("GET", "/api/v1/silences", token=self.tokens["sato"]).json, [])
        self.refused("/api/v1/silences", {"room": "machine-room", "for": "soon", "reason": "点検"}, "sato")
        self.refused("/api/v1/silences", {"room": "nowhere", "for": "2h", "reason": "点検"}, "sato")
        self.done("/api/v1/silences", {"device": "term-02", "for": "2h", "reason": "点検"}, "sato")
        silence = self.ask("GET", "/api/v1/silences", token=self.tokens["sato"]).json[-1]
        self.assertEqual((silence["device"], silence["person"], silence["reason"]), ("term-02", "sato", "点検"))
        self.refused(f"/api/v1/silences/{silence['silence']}/confirm", None, "sato")
        self.done(f"/api/v1/silences/{silence['silence']}/end", None, "sato")
        self.refused(f"/api/v1/silences/{silence['silence']}/end", None, "sato")
        self.assertEqual(self.ask("GET", "/api/v1/silences", token=self.tokens["sato"]).json, [])

    def test_5_a_gateway_without_the_secret_is_refused(self):
        for path in ("/callback/sms-gateway/0123456789abcdef", "/callback/none/0123456789abcdef"):
            self.assertEqual(self.ask("POST", path, {"key": "1"}).status, 401)

    def test_5_a_drill(self):
        self.assertEqual(self.ask("GET", "/api/v1/drills", token=self.tokens["sato"]).status, 404)
        self.refused("/api/v1/drills/answer", None, "sato")
        self.done("/api/v1/drills", {}, "kato")
        self.done("/api/v1/drills/answer", None, "sato")
        drill = self.ask("GET", "/api/v1/drills", token=self.tokens["sato"]).json
        self.assertEqual({answer["person"] for answer in drill["people"] if answer["answered"]}, {"sato"})
        self.assertFalse(drill["passed"])
        self.assertEqual(self.ask("GET", f"/api/v1/drills/{drill['drill']}", token=self.tokens["sato"]).json["began"], drill["began"])
        self.assertEqual(self.ask("GET", "/api/v1/drills/77", token=self.tokens["sato"]).status, 404)

    def test_6_everything_that_is_described_was_asked(self):
        described = {(path, method) for path, methods in DESCRIPTION["paths"].items() for method in methods}
        self.assertEqual(described - self.asked, set())
        self.the_journal_is_whole()

    def test_7_guessing_ends(self):
        statuses = [self.ask("GET", "/api/v1/status", token=f"guess-number-{number:020}").status for number in range(15)]
        self.assertEqual(statuses[-1], 429, statuses)
        self.assertEqual(self.ask("GET", "/api/v1/status", token=self.tokens["sato"]).status, 200)


if __name__ == "__main__":
    main()
