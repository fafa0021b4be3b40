"""What a device says by itself, between two polls."""

import subprocess

from case import CityHall, main, wait_until

from lab import machines

UPS_ON_BATTERY = "1.3.6.1.2.1.33.2.1"
CONFIGURATION_CHANGED = "1.3.6.1.2.1.47.2.0.1"
LINK_DOWN = "1.3.6.1.6.3.1.1.5.3"


class Test(CityHall):
    @classmethod
    def change_now(cls):
        # Polls so rare that what is seen in this test is seen because of a trap.
        return {"polling": {"snmp": {"interval": "1h", "timeout": "2s"}}}

    def trap(self, device, community, trap):
        monitor = self.lab.device("mon-1")["address"]
        self.lab.network.run(device, ["snmptrap", "-v2c", "-c", community, f"{monitor}:162", "", trap])

    def dropped(self):
        return {(entry["probe"], entry["reason"]): entry["count"] for entry in self.daemon.json("status")["dropped"]}

    def test_1_a_trap_with_a_guessed_community_is_counted_and_nothing_else(self):
        self.trap("sw-core", "guess", LINK_DOWN)
        wait_until(lambda: self.dropped().get(("trap", "wrong_community")) == 1, "the trap to be counted")
        self.assertIn("trap wrong_community 1", self.daemon.call("status")[1])
        self.assertEqual(self.daemon.incidents(), [])

    def test_2_a_trap_that_is_not_true_alarms_nobody(self):
        before = len(self.lab.received("mail"))
        self.trap("sw-core", machines.COMMUNITY, LINK_DOWN)
        self.trap("sw-core", "guess", LINK_DOWN)
        wait_until(lambda: self.dropped().get(("trap", "wrong_community")) == 2, "the traps to be taken")
        self.assertEqual(len(self.lab.received("mail")), before)

    def test_3_mains_that_fail_between_two_polls_are_seen_by_the_trap(self):
        self.lab.fault("ups-on-battery")
        self.trap("ups-1", machines.COMMUNITY, UPS_ON_BATTERY)
        self.wait_reason("ups-1")

    def test_4_a_trap_that_means_nothing_to_us_has_the_device_looked_at(self):
        self.lab.fault("switch-fan-failed")
        self.trap("sw-core", machines.COMMUNITY, CONFIGURATION_CHANGED)
        self.wait_reason("sw-core")

    def test_5_an_inform_of_version_3_is_answered_and_has_its_sender_looked_at(self):
        self.lab.fault("fan-failed")
        self.assertTrue(self.inform("cs-1", machines.AUTH_PASSPHRASE), "the inform was not answered")
        self.wait_reason("cs-1")

    def test_6_an_inform_with_a_wrong_passphrase_is_refused_and_counted(self):
        self.assertFalse(self.inform("cs-2", "not-the-passphrase"))
        self.assertGreater(self.dropped().get(("trap", "unsafe"), 0), 0)

    def test_7_an_inform_is_answered_after_a_restart(self):
        self.daemon.stop()
        self.daemon.start()
        self.assertTrue(self.inform("cs-2", machines.AUTH_PASSPHRASE))

    def inform(self, device, passphrase):
        monitor = self.lab.device("mon-1")["address"]
        keys = ["-u", "nethealth", "-l", "authPriv", "-a", "SHA-256", "-A", passphrase, "-x", "AES",
                "-X", machines.PRIVACY_PASSPHRASE]
        try:
            self.lab.network.run(device, ["snmpinform", "-v3", "-t1", "-r3", *keys, f"{monitor}:162", "",
                                          CONFIGURATION_CHANGED])
        except subprocess.CalledProcessError:
            return False
        return True

    def wait_reason(self, name):
        def told():
            return next(entry["reasons"] for entry in self.daemon.picture() if entry["device"] == name)
        wait_until(told, f"something to be said of {name}")


if __name__ == "__main__":
    main()
