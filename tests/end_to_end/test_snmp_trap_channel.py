"""People are told by SNMP: a real snmptrapd that knows NETHEALTH-MIB hears traps of version 2c and 3, and confirms
informs of version 3; an inform that it missed comes again, once, and says so."""

from case import CityHall, main, wait_until
from lab.trap_manager import ENGINE, TrapManager


class Test(CityHall):
    @classmethod
    def before_start(cls):
        address = cls.lab.description["lab"]["outside"]["receivers"]
        cls.manager = TrapManager(cls.lab.network.namespace("outside"), address)
        cls.addClassCleanup(cls.manager.remove)
        cls.manager.start()

    @classmethod
    def change_now(cls):
        server = f"udp://{cls.manager.address}"
        channels = [{"name": "traps", "type": "snmp_trap", "server": server, "snmp": "told", "inform": False,
                     "detail": "minimal"},
                    {"name": "informs", "type": "snmp_trap", "server": f"{server}:162", "snmp": "manager"},
                    {"name": "sealed-traps", "type": "snmp_trap", "server": server, "snmp": "manager",
                     "inform": False, "engine_id": ENGINE}]
        return {"credentials": [*cls.lab.description["credentials"], *cls.manager.credentials()],
                "channels": [*cls.lab.description["channels"], *channels],
                "people": {"sato": {"channels": [{"snmp_trap": "sato-desk", "via": "traps"}]},
                           "suzuki": {"channels": [{"snmp_trap": "suzuki-desk", "via": "informs"}]},
                           "tanaka": {"channels": [{"snmp_trap": "tanaka-desk", "via": "sealed-traps"}]}}}

    def wait_heard(self, **fields):
        """The one notification that fits; everything heard twice is a failure."""
        def fitting():
            return [entry for entry in self.manager.heard()
                    if all(entry.get(name) == value for name, value in fields.items())]
        wait_until(fitting, f"{fields} to be heard")
        found = fitting()
        self.assertEqual(len(found), 1, found)
        return found[0]

    def delivery(self, number, kind, channel):
        return next(entry["delivery"] for entry in self.notifications(number, kind) if entry["channel"] == channel)

    def test_1_a_trap_of_version_2_with_minimal_detail(self):
        self.lab.fault("service-crashed")
        page = self.wait_heard(**{"is": "nhPage"})
        number = self.daemon.incidents()[0]["incident"]
        self.assertEqual({name: page[name] for name in page if name.startswith(("nhMessage", "nhIncident"))
                          and name not in ("nhMessageId", "nhMessageSummary", "nhIncidentSince")},
                         {"nhMessageKind": "page", "nhMessageRepeated": "false", "nhMessageDrill": "false",
                          "nhMessageRole": "operations_sub_manager", "nhMessagePerson": "", "nhMessageAddress": "",
                          "nhMessageRound": "0", "nhIncidentNumber": str(number), "nhIncidentState": "open",
                          "nhIncidentProcedure": "failure", "nhIncidentSeverity": "stopped",
                          "nhIncidentCategory": "software", "nhIncidentCause": "service", "nhIncidentDevice": "",
                          "nhIncidentPeer": "", "nhIncidentComponent": "", "nhIncidentRoom": ""})
        self.assertTrue(page["nhMessageSummary"].startswith("【停止】"), page)
        self.assertNotIn("CSサーバ", page["nhMessageSummary"])
        wait_until(lambda: self.delivery(number, "page", "traps") == "accepted", "the page to count as sent")

    def test_2_an_inform_of_version_3_is_confirmed(self):
        number = self.daemon.incidents()[0]["incident"]
        self.act("pass", number, "--as", "sato")
        call = self.wait_heard(**{"is": "nhEscalation"})
        self.assertIn("INFORM, SNMP v3", call["by"])
        opened = self.incident(number)["opened"]
        year, month, day = (int(part) for part in opened[:10].split("-"))
        self.assertTrue(call["nhIncidentSince"].startswith(f"{year}-{month}-{day},"), call)
        self.assertTrue(call["nhIncidentSince"].endswith("+9:0"), call)
        self.assertEqual((call["nhMessagePerson"], call["nhMessageAddress"], call["nhIncidentDevice"],
                          call["nhIncidentComponent"], call["nhIncidentRoom"]),
                         ("suzuki", "suzuki-desk", "cs-2", "cs-app", "machine-room"))
        wait_until(lambda: self.delivery(number, "escalation", "informs") == "accepted", "it to be confirmed")

    def test_3_an_inform_to_a_manager_that_is_away_comes_once_it_is_back(self):
        number = self.daemon.incidents()[0]["incident"]
        self.manager.stop()
        self.lab.repair("service-crashed")
        self.wait_state(number, "restored")

        def doubted():
            return [entry["id"] for entry in self.daemon.json("status")["undelivered"]]
        wait_until(lambda: self.daemon.json("incident", "show", number) and doubted(), "the recovery to be doubted")
        self.manager.start()
        recovery = self.wait_heard(**{"is": "nhRecovery", "nhMessagePerson": "suzuki"})
        self.assertEqual((recovery["nhMessageRepeated"], recovery["nhIncidentState"]), ("true", "restored"))
        wait_until(lambda: not doubted(), "the recovery to be confirmed")
        self.act("close", number, "--as", "tanaka", "--reason", "確認済み")
        self.wait_heard(**{"is": "nhClosed", "nhMessagePerson": "suzuki"})
        self.wait_heard(**{"is": "nhRecovery", "nhMessagePerson": "suzuki"})

    def test_4_a_test_by_a_trap_of_version_3_is_marked_as_one(self):
        status, output, errors = self.daemon.call("test-page", "tanaka", "--as", "tanaka")
        self.assertEqual(status, 0, output + errors)
        drill = self.wait_heard(**{"is": "nhDrill"})
        self.assertEqual((drill["nhMessageDrill"], drill["nhIncidentNumber"], drill["nhIncidentState"],
                          drill["nhMessageAddress"]), ("true", "0", "none", "tanaka-desk"))


if __name__ == "__main__":
    main()
