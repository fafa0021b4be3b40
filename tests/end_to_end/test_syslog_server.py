"""A real rsyslogd takes the security events, over TCP and over UDP, and finds every part where RFC 5424 puts it."""

import json
import os
import pathlib

from case import CityHall, main, wait_until

UNPACKED = pathlib.Path(os.environ.get("NETHEALTH_SYSLOG_SERVERS", "/nonexistent"))
CONFIGURATION = """
module(load="imtcp")
module(load="imudp")
global(workDirectory="{folder}")
template(name="parts" type="list" option.jsonf="on") {{
  property(outname="by" name="inputname" format="jsonf")
  property(outname="facility" name="syslogfacility-text" format="jsonf")
  property(outname="severity" name="syslogseverity-text" format="jsonf")
  property(outname="version" name="protocol-version" format="jsonf")
  property(outname="application" name="app-name" format="jsonf")
  property(outname="msgid" name="msgid" format="jsonf")
  property(outname="data" name="structured-data" format="jsonf")
  property(outname="text" name="msg" format="jsonf")
  property(outname="time" name="timereported" dateFormat="rfc3339" format="jsonf")
}}
input(type="imtcp" port="514" address="{address}" ruleset="keep")
input(type="imudp" port="514" address="{address}" ruleset="keep")
ruleset(name="keep") {{ action(type="omfile" file="{folder}/parts.jsonl" template="parts") }}
"""


def rsyslogd():
    """The command, and where its libraries are."""
    if os.access("/usr/sbin/rsyslogd", os.X_OK):
        return ["/usr/sbin/rsyslogd"], ""
    program = UNPACKED / "usr/sbin/rsyslogd"
    if not program.exists():
        raise AssertionError("no rsyslogd: tests/end_to_end/fetch-syslog-servers FOLDER, and "
                             "NETHEALTH_SYSLOG_SERVERS=FOLDER")
    modules = next(UNPACKED.glob("usr/lib/*/rsyslog"))
    return [str(program), "-M", f"{modules}/"], str(modules.parent)


class Test(CityHall):
    @classmethod
    def before_start(cls):
        cls.lab.receiver("syslog", "refuse")
        cls.folder = cls.lab.folder / "rsyslog"
        cls.folder.mkdir()
        address = cls.lab.description["lab"]["outside"]["receivers"]
        configuration = cls.folder / "rsyslog.conf"
        configuration.write_text(CONFIGURATION.format(folder=cls.folder, address=address))
        program, libraries = rsyslogd()
        command = ["ip", "netns", "exec", cls.lab.network.namespace("outside"), *program, "-n", "-i",
                   str(cls.folder / "pid"), "-f", str(configuration)]
        cls.lab.processes.start("outside/rsyslogd", command, cls.folder / "output.log",
                                env={**os.environ, "LD_LIBRARY_PATH": libraries})

    def messages(self):
        file = self.folder / "parts.jsonl"
        return [json.loads(line) for line in file.read_text().splitlines()] if file.exists() else []

    def test_1_misconduct(self):
        self.play("virus")
        for by in ("imtcp", "imudp"):
            message = wait_until(lambda: next((entry for entry in self.messages() if entry["by"] == by), None),
                                 f"the message by {by}")
            self.assertEqual(message["facility"], "local4")
            self.assertEqual(message["version"], "1")
            self.assertEqual(message["application"], "nethealth")
            self.assertIn('cause="malware"', message["data"])
            self.assertIn("sequenceId=", message["data"])
            self.assertIn(self.lab.label("cs-2"), message["text"])
            self.assertRegex(message["time"], r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+(\+09:00|Z)")
            self.assertNotIn("\n", message["text"])


if __name__ == "__main__":
    main()
