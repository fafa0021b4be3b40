"""What is about to fail, and says so."""

from case import CityHall, main


class Test(CityHall):
    def test_1_ups_on_battery(self):
        self.play("ups-on-battery")

    def test_2_fan_failed(self):
        self.play("fan-failed")

    def test_3_switch_fan_failed(self):
        self.play("switch-fan-failed")

    def test_4_disk_errors(self):
        self.play("disk-errors")

    def test_5_out_of_memory(self):
        self.play("out-of-memory")


if __name__ == "__main__":
    main()
