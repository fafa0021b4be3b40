"""The disk of the monitor is full: pages leave all the same, marked, and the full disk is paged itself."""

import os

from case import STOPPED, UNJOURNALED, CityHall, main, wait_until


class Test(CityHall):
    @classmethod
    def before_start(cls):
        cls.lab.small_state(size_kib=4096)

    def filler(self):
        return self.lab.folder / "state" / "filler"

    def fill(self):
        descriptor = os.open(self.filler(), os.O_WRONLY | os.O_CREAT)
        try:
            while os.write(descriptor, b"\0" * 4096):
                pass
        except OSError:
            pass
        finally:
            os.close(descriptor)

    def test_1_a_full_disk_stops_no_page(self):
        self.fill()
        self.lab.fault("service-crashed")
        page = self.wait_mail("the page", 0, to="sato@city.example", mark=STOPPED, text="cs-app")
        self.assertIn(UNJOURNALED, page["subject"])

    def test_2_the_full_disk_is_paged(self):
        monitor = self.lab.label("mon-1")
        page = self.wait_mail("the page of the storage", 0, to="sato@city.example", text=monitor)
        self.assertIn(UNJOURNALED, page["subject"])

    def test_3_an_answer_counts_all_the_same(self):
        number = next(incident["incident"] for incident in self.daemon.incidents()
                      if incident["diagnosis"]["location"]["device"] == "cs-2")
        self.act("ack", number, "--as", "sato")

    def test_4_when_there_is_room_again_all_is_written(self):
        os.unlink(self.filler())
        self.lab.repair("service-crashed")
        wait_until(lambda: all(incident["state"] == "restored" for incident in self.daemon.incidents()),
                   "both to be over")
        incidents = self.daemon.incidents()
        self.assertEqual(len(incidents), 2, incidents)
        self.the_journal_is_whole()
        self.daemon.kill()
        self.daemon.start()
        self.assertEqual([incident["incident"] for incident in self.daemon.incidents()], [1, 2])
        self.the_journal_is_whole()


if __name__ == "__main__":
    main()
