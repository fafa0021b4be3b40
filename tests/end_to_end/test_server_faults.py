"""What fails in a server as a whole."""

from case import CityHall, main


class Test(CityHall):
    def test_1_server_cable_cut(self):
        self.play("server-cable-cut")

    def test_2_server_dead(self):
        self.play("server-dead")

    def test_3_server_hung(self):
        self.play("server-hung")

    def test_4_server_half_hung(self):
        self.play("server-half-hung")


if __name__ == "__main__":
    main()
