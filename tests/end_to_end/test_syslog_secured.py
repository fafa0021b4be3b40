#!/usr/bin/env python3
"""Security events over TLS with certificates on both sides (RFC 5425), and in CEF; a receiver whose certificate is not
the expected one gets nothing, and everything arrives in order once it shows the right one."""

import os
import pathlib
import ssl
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))

from crash import scenario  # noqa: E402
from lab.certificates import authority, certificate  # noqa: E402
from lab.wait import wait_until  # noqa: E402


class SecuredServer(scenario.SyslogServer):
    """Asks for a certificate of its own authority. `show` chooses what it shows itself."""

    def __init__(self, folder):
        self.folder = folder
        self.refused = 0
        self.show = "server"
        super().__init__()

    def read(self, connection):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.folder / f"{self.show}.pem", self.folder / f"{self.show}.key")
        context.load_verify_locations(self.folder / "ca.pem")
        context.verify_mode = ssl.CERT_REQUIRED
        try:
            secured = context.wrap_socket(connection, server_side=True)
        except (ssl.SSLError, OSError):
            self.refused += 1
            connection.close()
            return
        super().read(secured)


class SecuredSyslog(unittest.TestCase):
    def test_only_the_right_receiver_gets_everything_in_order(self):
        with tempfile.TemporaryDirectory(prefix="nethealth-tls-") as name:
            folder = pathlib.Path(name)
            authority(folder, "ca")
            authority(folder, "stranger")
            certificate(folder, "server", "ca")
            certificate(folder, "other", "stranger")
            certificate(folder, "client", "ca", "nethealth.city.example")
            run = scenario.Killed(folder, os.environ["NETHEALTH"], "", 0)
            secured = SecuredServer(folder)
            secured.show = "other"
            run.post_office.start()
            self.addCleanup(run.post_office.stop)
            run.configure()
            config = folder / "nethealth.yaml"
            config.write_text(config.read_text().replace("syslog:\n", f"""syslog:
  - {{target: "tls://127.0.0.1:{secured.port}", events: [security, audit], certificate_authority: ca.pem,
     certificate: client.pem, key_file: client.key}}
""").replace("events: [security, audit]}", "events: [security, audit], format: cef}"))
            run.starts = 1  # nothing is preloaded
            run.start()
            self.addCleanup(run.process.wait)
            self.addCleanup(run.process.kill)
            run.until(lambda: run.call("status")[0] in (0, 1), "the daemon to answer")
            with (folder / "app.log").open("a") as log:
                log.write(scenario.LOG_LINES)
            run.acted("ack", "--as", "tanaka", done=lambda incident: incident["acknowledged_by"] == "tanaka")
            wait_until(lambda: secured.refused > 0, "the stranger to be refused")
            wait_until(lambda: any("INCIDENT-ACKNOWLEDGED" in record for record in run.syslog.records), "the CEF record")
            self.assertEqual(secured.records, [])
            secured.show = "server"
            run.until(lambda: any("INCIDENT-ACKNOWLEDGED" in record for record in secured.records), "the records by TLS")
            numbers = [int(record.split('sequenceId="')[1].split('"')[0]) for record in secured.records]
            self.assertEqual(numbers, sorted(numbers))
            for record in run.syslog.records:
                self.assertRegex(record, r"^<\d+>1 .*\] CEF:0\|nethealth\|nethealth\|[^|]*\|[A-Z-]+\|")


if __name__ == "__main__":
    unittest.main(verbosity=2)
