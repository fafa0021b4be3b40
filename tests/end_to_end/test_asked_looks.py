"""What the daemon asks by itself, once something is suspected and nobody else can tell."""

from case import CityHall, main


class Test(CityHall):
    @classmethod
    def change_now(cls):
        # Nobody knows the port of CS server 2, so that no lamp tells a hang from a pulled plug.
        return {"devices": {"cs-2": {"connected_to": "sw-core"}}}

    def evidence(self, number):
        return str(self.incident(number)["diagnosis"]["evidence"])

    def test_1_a_server_that_answers_arp_alone_hangs_or_filters(self):
        number = self.play("server-filters")
        self.assertIn("ARP には答える", self.evidence(number))

    def test_2_a_server_that_nobody_answers_arp_for_has_no_power_or_cable(self):
        number = self.play("server-2-dead")
        self.assertIn("ARP でも誰も答えない", self.evidence(number))


if __name__ == "__main__":
    main()
