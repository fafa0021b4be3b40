"""Misconduct goes to the operations manager, and to the security team's syslog."""

import re

from case import CityHall, main, wait_until

RFC5424 = re.compile(r"^<(\d{1,3})>1 (\S+) (\S+) (\S+) (\S+) (\S+) (-|(?:\[.*?\])+)(?: (.*))?$", re.S)
LOCAL4 = 20


class Test(CityHall):
    def test_1_failed_log_ins(self):
        number = self.play("failed-log-ins")
        self.told_by_syslog(number, "unauthorised_access")

    def test_2_virus(self):
        number = self.play("virus")
        self.told_by_syslog(number, "malware")

    def test_3_four_failed_log_ins_are_no_incident(self):
        before = self.daemon.incidents()
        lines = [f"Nov 24 09:00:0{count} cs-2 sshd[4000]: Failed password for backup from 192.0.2.104 port 6000{count} "
                 "ssh2" for count in range(4)]
        self.lab.log("cs-2/messages.log", *lines)
        # What is written after them has been seen, so they have been too.
        self.lab.fault("disk-errors")
        wait_until(lambda: len(self.daemon.incidents()) > len(before), "the line after them to be read")
        self.assertEqual([incident["procedure"] for incident in self.daemon.incidents()[len(before):]], ["failure"])

    def told_by_syslog(self, number, cause):
        for by in ("tcp", "udp"):
            message = wait_until(lambda: self.syslog_of(number, by), f"the syslog message by {by}")
            priority, _, _, application, _, _, data, text = RFC5424.match(message["message"]).groups()
            self.assertEqual(int(priority) // 8, LOCAL4)
            self.assertEqual(application, "nethealth")
            self.assertIn(f'cause="{cause}"', data)
            self.assertIn("sequenceId", data)
            self.assertTrue(text)
        self.assertEqual(self.syslog_of(number, "tcp")["framing"], "octets")

    def syslog_of(self, number, by):
        return next((message for message in self.lab.received("syslog")
                     if message["by"] == by and f'incident="{number}"' in message["message"]), None)


if __name__ == "__main__":
    main()
