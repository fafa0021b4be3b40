"""Log files are turned over under the daemon's hands: no line is lost, none is counted twice.

Five failed log-ins from one source make an incident, four do not: a lost line shows as a missing incident, a line
read twice as one too many."""

import gzip
import os
import shutil

from case import CityHall, main, wait_until


class Test(CityHall):
    # One source of its own for every test.
    def guesses(self, source, *numbers):
        self.lab.log("cs-1/messages.log", *(
            f"Nov 24 09:00:{number:02} cs-1 sshd[{3000 + number}]: Failed password for admin from {source} "
            f"port {50000 + number} ssh2" for number in numbers))

    def file(self):
        return self.lab.folder / "log" / "cs-1" / "messages.log"

    def by_rename(self):
        self.file().rename(self.file().with_suffix(".log.1"))
        self.file().touch()

    def by_copy(self):
        shutil.copy(self.file(), self.file().with_suffix(".log.1"))
        with self.file().open("r+b") as file:
            file.truncate(0)

    def read_up_to_here(self, marker):
        """A line of its own kind, which is seen only after all before it."""
        self.lab.log("cs-1/messages.log", f"Nov 24 09:01:00 cs-1 kernel: {marker} invoked oom-killer: gfp_mask=0x100cca")
        wait_until(lambda: any(f"{marker} invoked" in sentence for incident in self.daemon.incidents()
                               for sentence in incident["diagnosis"]["evidence"]), f"the line of {marker} to be read")

    def counted(self, source):
        return [incident for incident in self.daemon.incidents()
                if incident["procedure"] == "misconduct" and source in str(incident["diagnosis"]["evidence"])]

    def wait_counted(self, source):
        wait_until(lambda: len(self.counted(source)) == 1, f"the five guesses from {source} to be counted")

    def test_1_rename_while_running(self):
        self.guesses("192.0.2.201", 1, 2, 3, 4)
        self.by_rename()
        self.read_up_to_here("marker-1")
        self.assertEqual(self.counted("192.0.2.201"), [], "four lines are four")
        self.guesses("192.0.2.201", 5)
        self.wait_counted("192.0.2.201")

    def test_2_copy_and_truncate_while_running(self):
        self.guesses("192.0.2.202", 1, 2)
        self.read_up_to_here("marker-2")
        self.by_copy()
        self.guesses("192.0.2.202", 3, 4)
        self.read_up_to_here("marker-3")
        self.assertEqual(self.counted("192.0.2.202"), [], "four lines are four")
        self.guesses("192.0.2.202", 5)
        self.wait_counted("192.0.2.202")

    def test_3_rename_while_stopped(self):
        self.guesses("192.0.2.203", 1, 2)
        self.read_up_to_here("marker-4")
        self.daemon.stop()
        self.guesses("192.0.2.203", 3)
        self.by_rename()
        self.guesses("192.0.2.203", 4)
        self.daemon.start()
        self.read_up_to_here("marker-5")
        self.assertEqual(self.counted("192.0.2.203"), [], "four lines are four")
        self.guesses("192.0.2.203", 5)
        self.wait_counted("192.0.2.203")

    def test_4_copy_and_truncate_while_stopped(self):
        self.guesses("192.0.2.204", 1, 2)
        self.read_up_to_here("marker-6")
        self.daemon.stop()
        self.by_copy()
        self.guesses("192.0.2.204", 3, 4)
        self.daemon.start()
        self.read_up_to_here("marker-7")
        self.assertEqual(self.counted("192.0.2.204"), [], "four lines are four")
        self.guesses("192.0.2.204", 5)
        self.wait_counted("192.0.2.204")

    def test_5_killed_while_lines_arrive(self):
        self.guesses("192.0.2.205", 1, 2)
        self.read_up_to_here("marker-8")
        self.guesses("192.0.2.205", 3)
        self.daemon.kill()
        self.guesses("192.0.2.205", 4)
        self.daemon.start()
        self.read_up_to_here("marker-9")
        self.assertEqual(self.counted("192.0.2.205"), [], "four lines are four")
        self.guesses("192.0.2.205", 5)
        self.wait_counted("192.0.2.205")

    def test_6_compressed_too_early_and_damaged(self):
        self.guesses("192.0.2.206", 1, 2)
        self.read_up_to_here("marker-10")
        self.daemon.stop()
        self.guesses("192.0.2.206", 3)
        rest = b"".join(b"Nov 24 09:02:00 cs-1 app: %x\n" % (number * 2654435761 % 2**32) for number in range(20_000))
        packed = gzip.compress(self.file().read_bytes() + rest)
        self.file().with_suffix(".log.1.gz").write_bytes(packed[:len(packed) // 2])
        self.file().unlink()
        self.guesses("192.0.2.206", 4)
        self.daemon.start()
        self.read_up_to_here("marker-11")
        self.assertEqual(self.counted("192.0.2.206"), [], "four lines are four")
        self.assertIn("it ends too early; what could be unpacked was read", self.daemon.log.read_text())
        self.guesses("192.0.2.206", 5)
        self.wait_counted("192.0.2.206")

    def test_7_a_line_of_a_hundred_megabytes_and_a_hole(self):
        self.guesses("192.0.2.207", 1, 2)
        with self.file().open("ab") as file:
            for _ in range(100):
                file.write(b"x" * 1_000_000)
            file.write(b"\n")
        self.guesses("192.0.2.207", 3)
        self.read_up_to_here("marker-12")
        # A writer that goes on at its old place after the truncation.
        size = self.file().stat().st_size
        os.truncate(self.file(), 0)
        os.truncate(self.file(), size)
        self.guesses("192.0.2.207", 4)
        self.read_up_to_here("marker-13")
        self.assertEqual(self.counted("192.0.2.207"), [], "four lines are four")
        self.guesses("192.0.2.207", 5)
        self.wait_counted("192.0.2.207")


if __name__ == "__main__":
    main()
