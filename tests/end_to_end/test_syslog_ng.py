#!/usr/bin/env python3
"""A real syslog-ng hears everything, by octet counting, line by line, as datagrams and over TLS with certificates on
both sides; killed in the middle and away while much happens and while the daemon itself is killed, it ends up with
every record, in order; nothing that people write can forge a record."""

import json
import os
import pathlib
import signal
import subprocess
import sys
import tempfile
import unittest

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))

from crash import scenario  # noqa: E402
from lab.certificates import authority, certificate  # noqa: E402
from lab.wait import wait_until  # noqa: E402

UNPACKED = pathlib.Path(os.environ.get("NETHEALTH_SYSLOG_SERVERS", "/nonexistent"))
WAYS = ("octets", "lines", "datagrams", "sealed")
CONFIGURATION = """@version: 3.38
options {{ keep-hostname(yes); chain-hostnames(no); use-dns(no); stats-freq(0); log-msg-size(65536); }};
source octets {{ syslog(ip(127.0.0.1) port({octets}) transport("tcp")); }};
source lines {{ network(ip(127.0.0.1) port({lines}) transport("tcp") flags(syslog-protocol)); }};
source datagrams {{ syslog(ip(127.0.0.1) port({datagrams}) transport("udp")); }};
source sealed {{ syslog(ip(127.0.0.1) port({sealed}) transport("tls") tls(key-file("{folder}/server.key")
  cert-file("{folder}/server.pem") ca-file("{folder}/ca.pem") peer-verify(required-trusted))); }};
"""
KEEP = """destination {way} {{ file("{folder}/{way}.jsonl" template("$(format-json --scope syslog-proto)\\n")); }};
log {{ source({way}); destination({way}); }};
"""
# A second record by a line break, one by a header in the text, colours and a turned direction for whoever reads it.
FORGERY = "\n<165>1 2026-11-24T09:00:00Z evil.example forged 1 FORGED - gone\r\n<13>forged: \x1b[31mred \u202eturned"
WHILE_AWAY = 25


def free_ports():
    return {way: scenario.free_port() for way in WAYS}


class SyslogNg:
    def __init__(self, folder, ports):
        self.folder = folder
        self.process = None
        (folder / "syslog-ng.conf").write_text(
            CONFIGURATION.format(folder=folder, **ports) + "".join(KEEP.format(folder=folder, way=way) for way in WAYS))

    def start(self):
        program = UNPACKED / "usr/sbin/syslog-ng"
        if not program.exists():
            raise AssertionError("no syslog-ng: tests/end_to_end/fetch-syslog-servers FOLDER, and "
                                 "NETHEALTH_SYSLOG_SERVERS=FOLDER")
        own = UNPACKED / "usr/lib/syslog-ng"
        libraries = [str(own), *map(str, UNPACKED.glob("usr/lib/*-linux-gnu*"))]
        modules = next(path for path in own.iterdir() if path.is_dir())
        control = self.folder / "control"
        control.unlink(missing_ok=True)
        with (self.folder / "syslog-ng.log").open("ab") as log:
            self.process = subprocess.Popen(
                [program, "-F", "-e", "--no-caps", f"--module-path={modules}", "-f", self.folder / "syslog-ng.conf",
                 "-R", self.folder / "persist", "-c", control, "-p", self.folder / "pid"],
                env={**os.environ, "LD_LIBRARY_PATH": ":".join(libraries)}, stdout=log, stderr=log,
                stdin=subprocess.DEVNULL)
        wait_until(control.exists, "syslog-ng to run")

    def kill(self):
        if self.process:
            self.process.kill()
            self.process.wait()
        self.process = None

    def heard(self, way):
        """Whole records; the last one may be half-written."""
        file = self.folder / f"{way}.jsonl"
        text = file.read_text(encoding="utf-8") if file.exists() else ""
        return [json.loads(line) for line in text[:text.rfind("\n") + 1].splitlines()]


def own_data(record):
    return next(data for name, data in record["_SDATA"].items() if name.startswith("nethealth@"))


class Test(unittest.TestCase):
    def setUp(self):
        kept = tempfile.TemporaryDirectory(prefix="nethealth-ng-")
        self.addCleanup(kept.cleanup)
        self.folder = pathlib.Path(kept.name)
        authority(self.folder, "ca")
        certificate(self.folder, "server", "ca")
        certificate(self.folder, "client", "ca", "nethealth.city.example")
        ports = free_ports()
        self.server = SyslogNg(self.folder, ports)
        self.addCleanup(self.server.kill)
        self.run_ = scenario.Killed(self.folder, os.environ["NETHEALTH"], "", 0)
        self.run_.post_office.start()
        self.addCleanup(self.run_.post_office.stop)
        self.run_.configure()
        config = self.folder / "nethealth.yaml"
        every = "events: [security, incidents, audit]"
        config.write_text(config.read_text().split("syslog:\n")[0] + f"""syslog:
  - {{target: "tcp://127.0.0.1:{ports['octets']}", {every}}}
  - {{target: "tcp://127.0.0.1:{ports['lines']}", framing: newline, {every}}}
  - {{target: "udp://127.0.0.1:{ports['datagrams']}", {every}}}
  - {{target: "tls://127.0.0.1:{ports['sealed']}", {every}, certificate_authority: ca.pem, certificate: client.pem,
     key_file: client.key}}
""")
        self.run_.starts = 1  # nothing is preloaded

    def silence(self, number):
        """An act whose words go to the audit trail, with a number to know it by."""
        status, output = self.run_.call("silence", "add", "--device", "cs-1", "--for", "1h", "--as", "tanaka", "--reason",
                                        f"number {number:03d} {FORGERY}")
        self.assertEqual(status, 0, output)

    def numbers(self, way):
        """Of the silences it heard of; a copy of a record counts once, and only where its number is the same."""
        seen = {}
        for record in self.server.heard(way):
            if record["MSGID"] == "SILENCE-ADDED":
                seen.setdefault(own_data(record)["id"], record["MESSAGE"].split("number ")[1][:3])
        return [int(number) for number in seen.values()]

    def start_daemon(self):
        self.run_.start()
        self.addCleanup(self.run_.process.wait)
        self.addCleanup(self.run_.process.kill)
        self.run_.until(lambda: self.run_.call("status")[0] in (0, 1), "the daemon to answer")

    def test_away_and_back(self):
        self.server.start()
        self.start_daemon()
        with (self.folder / "app.log").open("a") as log:
            log.write(scenario.LOG_LINES)
        self.run_.acted("ack", "--as", "tanaka", done=lambda incident: incident["acknowledged_by"] == "tanaka")
        self.silence(0)
        for way in WAYS:
            wait_until(lambda: self.numbers(way) == [0], f"the first record by {way}")
        self.server.kill()
        for number in range(1, WHILE_AWAY):
            self.silence(number)
        self.run_.process.send_signal(signal.SIGKILL)
        self.run_.process.wait()
        self.start_daemon()
        self.silence(WHILE_AWAY)
        self.server.start()
        everything = list(range(WHILE_AWAY + 1))
        for way in WAYS:
            wait_until(lambda: len(self.numbers(way)) > WHILE_AWAY, f"every record by {way}", 90)
            self.assertEqual(self.numbers(way), everything, way)
            self.check_form(way)

    def check_form(self, way):
        heard = self.server.heard(way)
        kinds = {record["MSGID"] for record in heard}
        self.assertLessEqual({"MISCONDUCT-OPENED", "INCIDENT-ACKNOWLEDGED", "SILENCE-ADDED"}, kinds, way)
        self.assertNotIn("FORGED", kinds)
        for record in heard:
            self.assertEqual((record["PROGRAM"], record["FACILITY"]), ("nethealth", "local4"), record)
            self.assertNotEqual(record["HOST"], "evil.example")
            self.assertIn("sequenceId", record["_SDATA"]["meta"])
            for letter in "\n\r\x1b\u202e":
                self.assertNotIn(letter, record["MESSAGE"])
        opened = next(record for record in heard if record["MSGID"] == "MISCONDUCT-OPENED")
        self.assertEqual(own_data(opened)["cause"], "unauthorised_access")
        self.assertEqual(own_data(opened)["device"], "cs-1")


if __name__ == "__main__":
    unittest.main(verbosity=2)
