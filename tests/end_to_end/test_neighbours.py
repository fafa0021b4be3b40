"""`probe DEVICE --neighbours`: what a real agent tells of its bridge and its neighbours, and where the recorded cables
differ."""

import json

from case import CityHall, main

MAC = "00:00:5e:00:53:%02x"


def neighbour(number, port, name, remote_port="eth0"):
    return {"port": port, "name": name, "remote_port": remote_port, "chassis": MAC % number}


AS_RECORDED = [neighbour(1, "p1", "cs-1"), neighbour(2, "p2", "CS-2.city.example"), neighbour(3, "p5", "sw-2f", "p8")]


class Test(CityHall):
    @classmethod
    def before_start(cls):
        for name in ("sw-core", "sw-2f"):
            cls.lab.machines.tell_tables(name)

    def ask(self, *words, device="sw-core"):
        status, output, errors = self.daemon.call("probe", device, "--neighbours", *words, place="mon-1")
        self.assertEqual(errors, "")
        return status, output

    def mac(self, name, port="eth0"):
        return self.lab.network.run(name, ["cat", f"/sys/class/net/{port}/address"], capture_output=True,
                                    text=True).stdout.strip()

    def test_1_an_agent_that_tells_no_neighbours_is_not_wrong(self):
        status, output = self.ask("--lang", "en")
        self.assertEqual(status, 0, output)
        self.assertIn("neighbours that name themselves by LLDP (0)", output)
        self.assertIn("the recorded cables cannot be compared", output)
        self.assertNotIn("differences", output)
        self.assertIn("比べられません", self.ask("--lang", "ja")[1])
        told = json.loads(self.ask("--json")[1])
        self.assertEqual((told["status"], told["lldp"], told["cable_differences"]), ("ok", [], []))

    def test_2_the_bridge_tells_behind_which_port_each_address_is(self):
        status, output = self.ask("--json")
        learned = {(one["port"], one["address"], one["vlan"]) for one in json.loads(output)["learned"]}
        self.assertEqual(status, 0, output)
        for name, port in (("cs-1", "p1"), ("cs-2", "p2"), ("ups-1", "p7"), ("mon-1", "p8")):
            self.assertIn((port, self.mac(name), 1), learned)
        behind_the_hub = self.mac("term-01")
        self.assertIn(("p5", behind_the_hub, 1), learned)
        self.assertIn(behind_the_hub, self.ask("--lang", "en")[1])

    def test_3_neighbours_as_recorded_differ_in_nothing(self):
        self.lab.machines.set_neighbours("sw-core", AS_RECORDED)
        status, output = self.ask("--lang", "en")
        self.assertEqual(status, 0, output)
        self.assertIn(f"  p5 - sw-2f, p8 ({MAC % 3})\n", output)
        self.assertIn("differences from the recorded cables (0):", output)
        told = json.loads(self.ask("--json")[1])
        self.assertTrue(told["complete"])
        self.assertEqual([one.get("device") for one in told["lldp"]], ["cs-1", "cs-2", "sw-2f"])
        self.assertEqual({one["to"] for one in told["cables_not_told"]}, {"mon-1", "ups-1"})
        self.assertIn("  p7 - ups-1\n", output)

    def test_4_a_wrongly_recorded_cable_and_one_that_is_not_recorded_are_told(self):
        self.lab.machines.set_neighbours("sw-core", [
            neighbour(1, "p2", "cs-1"), neighbour(2, "p1", "cs-2"), neighbour(3, "p5", "sw-2f", "p8"),
            neighbour(4, "p6", "term-04"), neighbour(5, "p3", "a-stranger")])
        status, english = self.ask("--lang", "en")
        self.assertEqual(status, 1, english)
        self.assertIn("differences from the recorded cables (3):", english)
        self.assertIn("port p2: cs-1 is connected here; the record has it at port p1. Mend connected_to.", english)
        self.assertIn("port p1: cs-2 is connected here; the record has it at port p2. Mend connected_to.", english)
        self.assertIn("port p6: term-04 is connected here; no cable to it is recorded.", english)
        status, japanese = self.ask("--lang", "ja")
        self.assertEqual(status, 1, japanese)
        self.assertIn("ポートp2: cs-1 がつながっています。記録ではポートp1です。connected_to を直してください。", japanese)
        self.assertIn("ポートp6: term-04 がつながっていますが、このケーブルは記録にありません。", japanese)
        self.assertNotIn("a-stranger がつながって", japanese)
        told = json.loads(self.ask("--json", "--lang", "en")[1])
        self.assertEqual({(one["port"], one["heard"], one["recorded_port"]) for one in told["cable_differences"]},
                         {("p2", "cs-1", "p1"), ("p1", "cs-2", "p2"), ("p6", "term-04", "")})

    def test_5_the_same_from_the_other_end_and_through_a_hub(self):
        self.lab.machines.set_neighbours("sw-2f", [neighbour(1, "p8", "sw-core", "p5"), neighbour(2, "p1", "term-01")])
        self.assertEqual(self.ask(device="sw-2f")[0], 0)
        self.lab.machines.set_neighbours("sw-2f", [neighbour(1, "p4", "sw-core", "p5")])
        status, output = self.ask("--lang", "en", device="sw-2f")
        self.assertEqual(status, 1, output)
        self.assertIn("port p4: sw-core is connected here; the record has it at port p8.", output)

    def test_6_what_cannot_be_asked_is_unknown(self):
        self.lab.machines.stop("sw-2f", ["snmpd"])
        status, output = self.ask("--lang", "en", device="sw-2f")
        self.assertEqual(status, 4, output)
        self.assertIn("could not be asked", output)
        self.assertEqual(self.ask(device="term-04")[0], 4)


if __name__ == "__main__":
    main()
