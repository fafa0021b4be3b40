"""From the page to a person who answered: "not me", an answer by telephone, taking over; a signal tower; silences; a
drill and a test of one person's channels; the contact check."""

import json
import subprocess
import sys

from case import STOPPED, CityHall, main, wait_until

# Shows what it is told, and says what it shows; while the file "stuck" stands beside its log, it stays as it is.
TOWER = """
import http.server, json, pathlib, sys
lights = list("000000")
class Tower(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        what, _, digits = self.path.partition("?alert=")
        if what == "/api/control":
            if not pathlib.Path(sys.argv[1]).with_name("stuck").exists():
                lights[:] = [old if new == "9" else new for old, new in zip(lights, digits)]
            with open(sys.argv[1], "a") as file:
                file.write(self.path + "\\n")
            body = b"Success."
        else:
            body = json.dumps({**{f"Status{i + 1}": int(lights[i]) for i in range(5)},
                               "Buzzer Pattern": int(lights[5])}).encode()
        self.send_response(200); self.send_header("Content-Length", str(len(body))); self.end_headers()
        self.wfile.write(body)
    def log_message(self, *words): pass
http.server.HTTPServer(("127.0.0.1", 8040), Tower).serve_forever()
"""


class Test(CityHall):
    change = {"people": {
        "sato": {"channels": [{"mail": "sato@city.example", "answer_within": "20s"},
                              {"sms": "+81900000001", "via": "sms-gateway", "answer_within": "5s"}]},
    }}

    @classmethod
    def change_now(cls):
        channels = [*cls.lab.description["channels"],
                    {"name": "lamp", "type": "patlite", "url": "http://127.0.0.1:8040", "on": ["stopped", "at_risk"]}]
        return {**cls.change, "channels": channels}

    @classmethod
    def before_start(cls):
        cls.tower_log = cls.lab.folder / "tower.log"
        cls.tower_log.touch()
        namespace = cls.lab.network.namespace(cls.lab.network.monitor())
        cls.tower = subprocess.Popen(["ip", "netns", "exec", namespace, sys.executable, "-c", TOWER,
                                      str(cls.tower_log)])
        cls.addClassCleanup(cls.tower.wait)
        cls.addClassCleanup(cls.tower.kill)

    def tower_shows(self, digits):
        def last():
            lines = self.tower_log.read_text().split()
            return lines and lines[-1] == f"/api/control?alert={digits}"
        wait_until(last, f"the tower to show {digits}")

    def test_1_not_me_calls_the_next_person_at_once(self):
        self.tower_shows("009990")
        self.lab.fault("hub-hung")
        self.wait_mail("the page", 0, to="sato@city.example", mark=STOPPED)
        self.tower_shows("209991")
        self.act("pass", 1, "--as", "sato", "--reason", "運転中")
        self.wait_mail("the deputy's call", 0, to="suzuki@city.example", mark=STOPPED)
        self.assertEqual([(entry["kind"], entry["person"]) for entry in self.notifications(1)],
                         [("page", "sato"), ("escalation", "suzuki")])
        self.assertEqual(self.daemon.call("incident", "pass", 1, "--as", "kato")[0], 1, "kato was never called")

    def test_2_an_answer_by_telephone_names_both(self):
        self.act("ack", 1, "--as", "suzuki", "--by-telephone")
        self.assertEqual(self.incident(1)["acknowledged_by"], "suzuki")
        self.tower_shows("109990")

    def test_3_taking_over_tells_the_one_before(self):
        self.act("ack", 1, "--as", "tanaka")
        self.wait_mail("the word to suzuki", 0, to="suzuki@city.example", mark="【引継】")
        self.lab.repair("hub-hung")
        self.wait_state(1, "restored")
        self.tower_shows("009990")

    def test_4_a_silence_holds_back_until_it_ends(self):
        status, output, errors = self.daemon.call("silence", "add", "--device", "cs-2", "--for", "1h", "--reason",
                                                  "交換作業", "--as", "sato")
        self.assertEqual(status, 0, output + errors)
        listed = self.daemon.json("silence", "list")
        self.assertEqual([(entry["device"], entry["reason"], entry["in_force"]) for entry in listed],
                         [("cs-2", "交換作業", True)])
        before = len(self.daemon.incidents())
        self.lab.fault("service-crashed")
        wait_until(lambda: self.daemon.call("status")[0] == 1 or any(
            device["device"] == "cs-2" and device["reasons"] for device in self.daemon.picture()), "it to be noticed")
        self.daemon.kill()
        self.daemon.start()
        self.assertEqual(len(self.daemon.json("silence", "list")), 1, "a silence survives a restart")
        self.daemon.wait_complete()
        self.assertEqual(len(self.daemon.incidents()), before)
        self.assertEqual(self.daemon.call("silence", "end", 1, "--as", "sato")[0], 0)
        wait_until(lambda: len(self.daemon.incidents()) == before + 1, "the incident after the silence")
        self.assertEqual(self.daemon.json("silence", "list"), [])
        self.act("ack", before + 1, "--as", "sato")
        self.lab.repair("service-crashed")
        self.wait_state(before + 1, "restored")

    def test_5_a_test_of_one_person_tries_every_channel(self):
        status, output, errors = self.daemon.call("test-page", "sato", "--as", "tanaka", "--json")
        result = json.loads(output)
        self.assertEqual(status, 0, output + errors)
        self.assertEqual([(call["channel"], call["delivery"]) for call in result["calls"]],
                         [("mail", "accepted"), ("sms-gateway", "accepted")])
        self.wait_mail("the test", 0, to="sato@city.example", mark="【試験】")

    def lamp(self):
        return next(entry for entry in self.daemon.json("status")["channels"] if entry["channel"] == "lamp")

    def test_5_lamp_test(self):
        status, output, errors = self.daemon.call("test-page", "--lamp", "lamp", "--as", "tanaka")
        self.assertEqual((status, output), (0, "lamp: 赤点灯、黄点灯、ブザー鳴動\n"), errors)
        self.tower_shows("009990")
        wait_until(lambda: self.lamp()["shows"] == "赤消灯、黄消灯、ブザー停止", "the tower to say that it is dark")
        stuck = self.tower_log.with_name("stuck")
        stuck.touch()
        self.addCleanup(stuck.unlink, missing_ok=True)
        status, output, errors = self.daemon.call("test-page", "--lamp", "lamp", "--as", "tanaka")
        self.assertEqual((status, output), (1, ""))
        self.assertIn("赤消灯", errors)
        wait_until(lambda: self.lamp()["works"], "what it shows to be what it was told again")
        self.assertEqual(self.daemon.call("test-page", "--lamp", "mail", "--as", "tanaka")[0], 1)
        self.assertEqual(self.daemon.call("test-page", "--lamp", "lamp", "sato", "--as", "tanaka")[0], 2)

    def test_6_a_drill_reports_who_answered(self):
        drill = subprocess.Popen([self.daemon.binary, "drill", "--as", "tanaka", "--json", "--socket",
                                  str(self.daemon.socket)], stdout=subprocess.PIPE, text=True)
        self.addCleanup(drill.kill)
        everybody = [person["name"] for person in self.lab.description["people"]]
        self.wait_mail("the drill", 0, to="sato@city.example", mark="【訓練】")
        for name in everybody:
            self.assertEqual(self.daemon.call("drill", "--answer", "--as", name)[0], 0, name)
        output, _ = drill.communicate(timeout=45)
        self.assertEqual(drill.returncode, 0, output)
        self.assertEqual({answer["person"] for answer in json.loads(output)["people"]}, set(everybody))
        self.assertTrue(all(answer["answered"] for answer in json.loads(output)["people"]), output)
        self.daemon.kill()
        self.daemon.start()
        self.assertEqual(self.daemon.call("drill", "--last")[0], 0, "the result is kept")

    def test_7_a_chain_that_reaches_nobody_is_an_error_with_the_minute(self):
        bad = self.lab.folder / "gap.yaml"
        away = "absences: [{from: \"2026-01-01T00:00\", until: \"2099-01-01T00:00\"}]"
        text = self.daemon.config.read_text()
        for name in ("sato", "suzuki", "tanaka", "ito", "kato"):
            text = text.replace(f"- name: {name}\n", f"- name: {name}\n  {away}\n")
        bad.write_text(text)
        status, output, errors = self.daemon.call("check", "--config", bad)
        self.assertEqual(status, 1, output)
        self.assertRegex(errors, r"gap\.yaml:\d+:\d+: .*20\d\d-\d\d-\d\d \d\d:\d\d")


if __name__ == "__main__":
    main()
