"""What fails between the machines."""

from case import CityHall, main


class Test(CityHall):
    def test_1_hub_hung(self):
        self.play("hub-hung")

    def test_2_hub_dead(self):
        self.play("hub-dead")

    def test_3_hub_cable_cut(self):
        self.play("hub-cable-cut")

    def test_4_uplink_cut(self):
        self.play("uplink-cut", acknowledge=True)

    def test_5_switch_dead(self):
        self.play("switch-dead")

    def test_6_the_monitors_own_cable_is_one_incident_and_no_devices_page(self):
        self.play("monitor-cut")

    def test_7_a_cable_that_is_back_at_once_is_one_incident_too(self):
        self.play("uplink-cut", at_once=True)


if __name__ == "__main__":
    main()
