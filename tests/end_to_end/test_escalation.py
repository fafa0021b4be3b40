"""Nobody answers: the next channel, the deputy, the next role are called, until somebody does."""

from case import RECOVERED, STOPPED, CityHall, main, wait_until

SOON = "2s"


class Test(CityHall):
    change = {"people": {
        "sato": {"channels": [{"mail": "sato@city.example", "answer_within": SOON},
                              {"sms": "+81900000001", "via": "sms-gateway", "answer_within": SOON}]},
        "suzuki": {"channels": [{"mail": "suzuki@city.example", "answer_within": SOON}]},
        "tanaka": {"channels": [{"mail": "tanaka@city.example", "answer_within": "10s"}]},
    }}

    def test_1_the_chain_is_climbed_until_somebody_answers(self):
        self.lab.fault("hub-hung")
        page = self.wait_mail("the page", 0, to="sato@city.example", mark=STOPPED)
        sms = wait_until(lambda: self.lab.received("sms"), "the SMS")[0]
        self.assertEqual(sms["json"]["to"], "+81900000001")
        self.assertIn(self.lab.label("hub-2f"), sms["json"]["subject"])
        deputy = self.wait_mail("the deputy's call", 0, to="suzuki@city.example", mark=STOPPED)
        manager = self.wait_mail("the manager's call", 0, to="tanaka@city.example", mark=STOPPED)
        self.act("ack", 1, "--as", "tanaka")
        self.assertLess(page["arrived"], sms["arrived"])
        self.assertLess(sms["arrived"], deputy["arrived"])
        self.assertLess(deputy["arrived"], manager["arrived"])
        told = [(entry["kind"], entry["role"], entry["person"], entry["channel"]) for entry in self.notifications(1)]
        self.assertEqual(told, [("page", "operations_sub_manager", "sato", "mail"),
                                ("escalation", "operations_sub_manager", "sato", "sms-gateway"),
                                ("escalation", "operations_sub_manager", "suzuki", "mail"),
                                ("escalation", "operations_manager", "tanaka", "mail")])

    def test_2_an_answer_stops_it(self):
        # Another incident climbs the whole chain meanwhile; so would have the first.
        self.lab.fault("service-crashed")
        self.wait_mail("the manager's call for the second", 0, to="tanaka@city.example", text="#2")
        self.wait_mail("the call after his", 0, to="ito@city.example", text="#2")
        self.act("ack", 2, "--as", "ito")
        self.assertEqual([entry["person"] for entry in self.notifications(1)], ["sato", "sato", "suzuki", "tanaka"])

    def test_3_everybody_who_was_called_hears_that_it_is_over(self):
        self.lab.repair("hub-hung")
        self.lab.repair("service-crashed")
        for number, people in ((1, ("sato", "suzuki", "tanaka")), (2, ("sato", "suzuki", "tanaka", "ito"))):
            self.wait_state(number, "restored")
            told = wait_until(lambda: len(self.notifications(number, "recovery")) == len(people) and
                              self.notifications(number, "recovery"), f"the recovery of {number} to be told")
            self.assertEqual({entry["person"] for entry in told}, set(people))
        self.wait_mail("the recovery", 0, to="ito@city.example", mark=RECOVERED)

    def test_4_a_dead_gateway_is_passed_over(self):
        self.lab.receiver("sms", "refuse")
        before = len(self.lab.received("mail"))
        self.lab.fault("agent-dead")
        self.wait_mail("the deputy's call", before, to="suzuki@city.example", text="#3")
        self.act("ack", 3, "--as", "suzuki")
        self.lab.repair("agent-dead")
        self.wait_state(3, "restored")


if __name__ == "__main__":
    main()
