"""What fails in a server's programs; and the recording of it, played again."""

import json

from case import CityHall, main


class Test(CityHall):
    change = {"recorder": {"keep": "1d"}}

    def test_1_service_crashed(self):
        self.play("service-crashed")

    def test_2_agent_dead(self):
        self.play("agent-dead")

    def test_3_agent_wrong_key(self):
        self.play("agent-wrong-key")

    def test_4_the_recorded_outages_can_be_replayed_and_compared(self):
        told = [(incident["diagnosis"]["cause"], incident["diagnosis"]["location"]["device"])
                for incident in self.daemon.incidents()]
        self.assertEqual(self.daemon.stop(), 0)
        recorded = self.lab.folder / "state" / "recorder"
        status, events, errors = self.daemon.call("replay", recorded)
        self.assertEqual((status, errors), (0, ""))
        opened = [event["diagnosis"] for event in map(json.loads, events.splitlines())
                  if event["type"] == "incident.opened"]
        # Nobody closes in a replay, so what was closed in between may come back as the same incident.
        self.assertLessEqual({(one["cause"], one["location"]["device"]) for one in opened}, set(told))
        self.assertEqual(opened[0]["cause"], "service")
        _, text, _ = self.daemon.call("replay", recorded, "--against", self.daemon.config, "--lang", "en")
        self.assertEqual(text, f"the same: {len(opened)}\n")


if __name__ == "__main__":
    main()
