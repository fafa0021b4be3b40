"""The command line as people and scripts use it, against a running daemon."""

import re

from case import CityHall, main

TIME = re.compile(r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}\+09:00$")


class Test(CityHall):
    def test_1_check(self):
        status, output, errors = self.daemon.call("check")
        self.assertEqual(status, 0, output + errors)
        bad = self.lab.folder / "bad.yaml"
        bad.write_text(self.daemon.config.read_text().replace("connected_to: sw-core:p7", "conected_to: sw-core:p7"))
        status, output, errors = self.daemon.call("check", "--config", bad)
        line = next(number for number, text in enumerate(bad.read_text().splitlines(), 1) if "conected_to" in text)
        self.assertEqual(status, 1)
        self.assertRegex(output + errors, rf"bad\.yaml:{line}:\d+: ")
        self.assertIn("connected_to", output + errors)

    def test_2_a_healthy_network(self):
        status, output, _ = self.daemon.call("status")
        self.assertEqual(status, 0, output)
        for device in self.lab.description["devices"]:
            self.assertIn(device["name"], output)
        self.assertEqual(self.daemon.incidents(), [])

    def test_3_probes(self):
        for device, wanted in (("cs-1", 0), ("sw-core", 0), ("ups-1", 0)):
            status, output, errors = self.daemon.call("probe", device, place="mon-1")
            self.assertEqual(status, wanted, f"{device}: {output}{errors}")
        self.lab.fault("server-dead")
        status, output, errors = self.daemon.call("probe", "cs-1", place="mon-1")
        self.assertEqual(status, 1, output + errors)

    def test_4_an_incident_in_both_languages_and_as_data(self):
        self.wait_mail("the page", 0)
        self.assertEqual(self.daemon.call("status")[0], 1)
        japanese = self.daemon.call("incident", "show", 1, "--lang", "ja")[1]
        english = self.daemon.call("incident", "show", 1, "--lang", "en")[1]
        self.assertIn(self.lab.label("cs-1"), japanese)
        self.assertRegex(english, r"(?i)evidence|because")
        self.assertNotEqual(japanese, english)
        incident = self.incident(1)
        self.assertRegex(incident["opened"], TIME)
        for key in ("incident", "state", "step", "opened", "restored", "closed", "procedure", "severity", "diagnosis"):
            self.assertIn(key, incident)
        for key in ("category", "cause", "location", "confidence", "evidence", "affected", "alternatives"):
            self.assertIn(key, incident["diagnosis"])

    def test_5_who_acts_must_be_known(self):
        self.assertEqual(self.daemon.call("incident", "ack", 1)[0], 1, "root must say who")
        self.assertEqual(self.daemon.call("incident", "ack", 1, "--as", "nobody-we-know")[0], 1)
        self.assertEqual(self.daemon.call("incident", "ack", 99, "--as", "sato")[0], 1)
        self.act("ack", 1, "--as", "sato")
        self.assertEqual(self.daemon.call("incident", "show")[0], 2, "wrong usage")
        self.assertEqual(self.daemon.call("no-such-verb")[0], 2, "wrong usage")
        self.assertEqual(self.daemon.call("--version")[0], 0)

    def test_6_no_daemon(self):
        self.assertEqual(self.daemon.call("status", "--socket", self.lab.folder / "nothing.sock")[0], 3)

    def test_7_no_secret_anywhere(self):
        texts = [self.daemon.log.read_text(errors="replace"), *(self.daemon.call(*words)[1] for words in (
            ["status", "--json"], ["incident", "show", 1, "--json"], ["check"]))]
        state = (self.lab.folder / "state" / "state.db").read_bytes().decode("latin-1")
        for secret in ("nethealth-lab", "lab-authentication", "lab-privacy-phrase"):
            for text in [*texts, state]:
                self.assertNotIn(secret, text.replace("/run/nethealth-lab", ""))


if __name__ == "__main__":
    main()
