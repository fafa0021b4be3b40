"""What is silent by plan: terminals outside office hours, work that was announced."""

import datetime

from case import CityHall, main, wait_until

TOKYO = datetime.timezone(datetime.timedelta(hours=9))


class Test(CityHall):
    @classmethod
    def change_now(cls):
        now = datetime.datetime.now(TOKYO)
        minute = datetime.timedelta(minutes=1)
        # Open in an hour that is not this one, and not the next.
        opens = f"{(now.hour + 6) % 23:02}:00-{(now.hour + 6) % 23 + 1:02}:00"
        work = {"room": "machine-room", "from": (now - 10 * minute).strftime("%Y-%m-%dT%H:%M"),
                "until": (now + 60 * minute).strftime("%Y-%m-%dT%H:%M"), "reason": "定期点検"}
        return {"calendars": [{"name": "office", "hours": {"mon-sun": opens}}], "maintenance": [work]}

    def test_1_terminals_that_are_switched_off_in_the_evening_are_no_fault(self):
        self.lab.fault("terminals-off")
        self.wait_seen_silent("term-01", "term-02", "term-03")
        self.assertEqual(self.daemon.incidents(), [])
        self.lab.repair("terminals-off")

    def test_2_announced_work_is_not_paged(self):
        self.lab.fault("service-crashed")
        self.wait_bad("cs-2")
        self.assertEqual([incident["state"] for incident in self.daemon.incidents() if self.notifications(
            incident["incident"])], [])
        self.lab.repair("service-crashed")
        self.settle()

    def test_3_a_switch_that_hangs_meanwhile_elsewhere_is_paged(self):
        before = len(self.lab.received("mail"))
        self.lab.fault("switch-hung")
        self.wait_mail("the page of the switch", before, to="sato@city.example", text=self.lab.label("sw-2f"))
        incident = self.daemon.incidents()[-1]
        # Nobody behind it should answer now, so whether it still forwards cannot be known.
        self.assertIn(incident["diagnosis"]["cause"], ("switch", "device_hang"))
        self.assertEqual(incident["diagnosis"]["location"]["device"], "sw-2f")
        self.lab.repair("switch-hung")
        self.wait_state(incident["incident"], "restored")

    def wait_seen_silent(self, *names):
        def silent():
            picture = {device["device"]: device for device in self.daemon.picture()}
            return all(picture[name]["state"] == "off_hours" for name in names)
        wait_until(silent, f"{names} to be seen as off for the day")

    def wait_bad(self, name):
        def bad():
            device = next(entry for entry in self.daemon.picture() if entry["device"] == name)
            return device["state"] not in ("healthy", "suspect") or device["reasons"]
        wait_until(bad, f"{name} to be seen as bad")


if __name__ == "__main__":
    main()
