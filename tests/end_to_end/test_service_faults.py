"""What fails in a server's programs."""

from case import CityHall, main


class Test(CityHall):
    def test_1_service_crashed(self):
        self.play("service-crashed")

    def test_2_agent_dead(self):
        self.play("agent-dead")

    def test_3_agent_wrong_key(self):
        self.play("agent-wrong-key")


if __name__ == "__main__":
    main()
