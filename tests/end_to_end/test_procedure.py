"""The written procedure by command line, against a running daemon: steps in their order by their people, messages to those
who are told, a person's own report, the paper and the chart, and a restart in between."""

from case import CityHall, COUNTER, main


class Test(CityHall):
    def refused(self, *words):
        status, output, errors = self.daemon.call("incident", *words, "--lang", "en")
        self.assertEqual(status, 1, f"incident {' '.join(map(str, words))}: {output}{errors}")
        return errors

    def test_1_steps_in_their_order_by_their_people(self):
        self.lab.fault("server-dead")
        self.wait_mail("the page", 0)
        self.wait_mail("the word to the counter", 0, to="citizens@city.example", mark=COUNTER)
        self.assertIn("5.1.1.confirm", self.refused("step", 1, "5.1.2", "--as", "sato"))
        self.assertIn("no such role", self.refused("step", 1, "5.1.1.confirm", "--as", "kato"))
        self.act("step", 1, "5.1.1.confirm", "--as", "citizens", "--text", "lamps=done")
        self.assertIn("absence", self.refused("step", 1, "5.1.2", "--as", "suzuki"))
        status, output, errors = self.daemon.call("incident", "step", 1, "5.1.2", "--as", "sato", "--draft",
                                                  "--text", "cause=電源装置の故障")
        self.assertEqual(status, 0, errors)
        self.assertIn("電源装置の故障", output)
        self.act("step", 1, "5.1.2", "--as", "sato", "--text", "cause=電源装置の故障")
        report = self.wait_mail("the report", 0, to="tanaka@city.example", mark="【報告】")
        self.assertIn("電源装置の故障", report["body"])
        self.act("step", 1, "5.1.3", "--as", "tanaka")
        self.assertIn("5.1.3", self.refused("step", 1, "5.1.3.pass", "--as", "ito", "--at", self.incident(1)["opened"]))
        self.act("step", 1, "5.1.3.pass", "--as", "ito", "--by-telephone")
        self.assertIn("instruction", self.refused("step", 1, "5.2.1", "--as", "kato"))
        self.act("step", 1, "5.2.1", "--as", "kato", "--text", "データを保護すること")
        self.assertEqual(self.incident(1)["step"], "5.2.1.pass")

    def test_2_it_goes_on_after_a_restart_and_ends_only_at_its_end(self):
        self.daemon.stop()
        self.daemon.start()
        self.assertEqual(self.incident(1)["step"], "5.2.1.pass")
        self.assertIn("5.2.1.pass", self.refused("close", 1, "--as", "tanaka", "--reason", "直った"))
        self.act("note", 1, "現地で確認した", "--as", "suzuki")

    def test_3_paper_and_chart(self):
        status, paper, _ = self.daemon.call("incident", "report", 1, "--format", "html", "--lang", "ja")
        self.assertEqual(status, 0)
        for part in ("<!DOCTYPE html>", "データを保護すること", "現地で確認した", "電話で"):
            self.assertIn(part, paper)
        status, chart, _ = self.daemon.call("procedure", "graph", 1)
        self.assertEqual(status, 0)
        self.assertIn('id="step-5.2.1.pass" class="due present"', chart)
        for kind in ("failure", "misconduct"):
            status, chart, errors = self.daemon.call("procedure", "graph", kind)
            self.assertEqual(status, 0, errors)
            self.assertTrue(chart.startswith("<svg"))

    def test_4_a_report_by_hand(self):
        self.assertIn("--text", self.refused("open", "misconduct", "--as", "citizens"))
        before = len(self.lab.received("mail"))
        self.act("open", "misconduct", "--as", "citizens", "--row", "3b", "--text", "媒体が見当たらない")
        self.wait_mail("the page of the manager", before, to="tanaka@city.example")
        number = self.daemon.incidents()[-1]["incident"]
        self.assertEqual(self.incident(number)["threat_level"], 3)
        self.act("reclassify", number, "failure", "--as", "tanaka", "--reason", "置き忘れであった")
        self.assertEqual(self.incident(number)["procedure"], "failure")
        self.act("close", number, "--as", "tanaka", "--reason", "置き忘れ", "--decision", "false_alarm")

    def test_5_the_journal(self):
        self.the_journal_is_whole()


if __name__ == "__main__":
    main()
