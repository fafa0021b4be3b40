"""A gateway tells what became of a text and which key its reader pressed: by JSON and by a form, with the channel's own
secret; told twice it counts once; a call that was taken without a key answers nothing; guessing the secret ends."""

import json
import re

from case import STOPPED, CityHall, main, wait_until

SECRET = "only-the-gateway-knows-this"
URL = "http://127.0.0.1:8080"
BODY = '{"to":"{address}","subject":"{subject}","text":"{text}","id":"{id}","report_to":"{callback_url}"}'


class Test(CityHall):
    @classmethod
    def before_start(cls):
        file = cls.lab.folder / "callback"
        file.touch(mode=0o600)
        file.write_text(SECRET + "\n")

    @classmethod
    def change_now(cls):
        text = {"sms": "+81900000001", "via": "sms-gateway", "answer_within": "5m"}
        records = {"target": f"tcp://{cls.lab.description['lab']['outside']['receivers']}:514", "events": ["audit"]}
        return {"syslog": [records], "http": {"listen": "127.0.0.1:8080", "public_url": "https://nethealth.city.example"},
                "people": {"sato": {"channels": [text, {"mail": "sato@city.example", "answer_within": "5m"}]}},
                "channels": {"sms-gateway": {"body": BODY, "callback": {
                    "secret_file": "callback", "status": "data.status", "accepted": "delivered",
                    "failed": ["failed", "undelivered"], "key": "digit"}}}}

    def report(self, path, body, secret=SECRET, media="application/json", how="Authorization: Bearer "):
        command = ["curl", "-sS", "--max-time", "20", "-w", "\n%{http_code}", "-H", f"Content-Type: {media}",
                   "--data-binary", body if isinstance(body, str) else json.dumps(body), URL + path]
        if secret:
            command += ["-H", how + secret]
        answer, _, status = self.lab.network.run("mon-1", command, capture_output=True).stdout.decode().rpartition("\n")
        return int(status), json.loads(answer)

    def page(self):
        """A new incident's number and where its text is reported to."""
        before = len(self.lab.received("sms"))
        self.lab.fault("service-crashed")
        text = wait_until(lambda: next(iter(self.lab.received("sms")[before:]), None), "the text")
        self.assertIn(STOPPED, text["json"]["subject"])
        place = re.fullmatch(r"https://nethealth\.city\.example(/callback/sms-gateway/[0-9a-z]{16})",
                             text["json"]["report_to"])
        self.assertTrue(place, text["json"]["report_to"])
        return self.daemon.incidents()[-1]["incident"], place.group(1)

    def over(self, number):
        self.lab.repair("service-crashed")
        self.wait_state(number, "restored")
        self.settle()
        self.act("close", number, "--as", "tanaka", "--reason", "確認済み")

    def test_1_strangers_are_refused(self):
        number, place = self.page()
        self.assertEqual(self.report(place, {"digit": "1"}, secret=None)[0], 401)
        self.assertEqual(self.report(place, {"digit": "1"}, secret="guess")[0], 401)
        self.assertEqual(self.report(place.replace("sms-gateway", "mail"), {"digit": "1"})[0], 401)
        self.assertEqual(self.report("/callback/sms-gateway/0123456789abcdef", {"digit": "1"})[0], 404)
        self.assertEqual(self.report(place, "no json")[0], 400)
        for nothing in ({"digit": "9"}, {"digit": ""}, {"digit": None}, {"data": {"status": "answered-by-machine"}}):
            self.assertEqual(self.report(place, nothing), (200, {"ok": True, "did": "nothing"}), nothing)
        self.assertEqual(self.report(place, {"data": {"status": "delivered"}}), (200, {"ok": True, "did": "accepted"}))
        self.assertIsNone(self.incident(number)["acknowledged_by"])

    def test_2_a_report_of_failure_calls_by_the_next_channel(self):
        number = self.daemon.incidents()[-1]["incident"]
        place = re.search(r"/callback/.*", self.lab.received("sms")[-1]["json"]["report_to"]).group(0)
        before = len(self.lab.received("mail"))
        for _ in range(2):
            self.assertEqual(self.report(place, {"data": {"status": "undelivered"}}), (200, {"ok": True, "did": "failed"}))
        self.wait_mail("the next channel", before, to="sato@city.example", mark=STOPPED)
        told = next(entry for entry in self.notifications(number, "page") if entry["channel"] == "sms-gateway")
        self.assertEqual((told["delivery"], told["failure"]), ("refused", "the gateway reports: undelivered"))
        self.assertEqual(len([mail for mail in self.mails("sato@city.example", STOPPED)]), 1)
        self.act("ack", number, "--as", "sato")
        self.over(number)

    def test_3_a_key_takes_it_and_told_again_changes_nothing(self):
        number, place = self.page()
        token = place.rpartition("/")[2]
        form = f"note=line%0Abreak&token={token}&digit=1"
        for _ in range(2):
            self.assertEqual(self.report("/callback/sms-gateway", form, media="application/x-www-form-urlencoded",
                                         how="X-Nethealth-Secret: "), (200, {"ok": True, "did": "taken"}))
        shown = self.daemon.json("incident", "show", number)
        self.assertEqual(shown["acknowledged_by"], "sato")
        self.assertIn("by a key, told by sms-gateway", json.dumps(shown))
        self.daemon.kill()
        self.daemon.start()
        self.assertEqual(self.incident(number)["acknowledged_by"], "sato", "it was in the journal")
        self.over(number)
        self.the_journal_is_whole()


    def test_4_a_key_passes_it_on_once(self):
        number, place = self.page()
        before = len(self.lab.received("mail"))
        for _ in range(3):
            self.assertEqual(self.report(place, {"digit": 2}), (200, {"ok": True, "did": "passed"}))
        self.wait_mail("the deputy's call", before, to="suzuki@city.example", mark=STOPPED)
        self.assertEqual([entry["person"] for entry in self.notifications(number)], ["sato", "suzuki"])
        steps = [record["decision"] for record in self.daemon.json("incident", "show", number)["records"]]
        self.assertEqual(steps.count("passed"), 1, steps)
        self.assertEqual(self.report(place, {"digit": "1"})[0], 409, "used up")
        self.act("ack", number, "--as", "suzuki")
        self.over(number)

    def test_5_guessing_the_secret_ends_and_is_on_record(self):
        place = "/callback/sms-gateway/0123456789abcdef"
        statuses = [self.report(place, {"digit": "1"}, secret=f"guess-number-{number:020}")[0] for number in range(12)]
        self.assertEqual(statuses[-1], 429, statuses)
        self.assertEqual(self.report(place, {"digit": "1"})[0], 429, "from that address nothing more is looked at")
        wait_until(lambda: any("LOG-IN-REFUSED" in entry["message"] and "refused: callback" in entry["message"]
                               for entry in self.lab.received("syslog")), "the refusals to be on record")
        self.the_journal_is_whole()


if __name__ == "__main__":
    main()
