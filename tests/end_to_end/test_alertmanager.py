"""A real Alertmanager is told what is open: one alert with its labels while it lasts, ended when it is over; nothing is
doubled by a daemon that is killed and started again, or by an Alertmanager that was away."""

import json
import os
import pathlib
import shutil
import subprocess
import tempfile

from case import CityHall, main, wait_until

UNPACKED = pathlib.Path(os.environ.get("NETHEALTH_ALERTMANAGER", "/nonexistent"))
CONFIGURATION = """
route: {{receiver: told, group_by: ['...'], group_wait: 0s, group_interval: 1s, repeat_interval: 4h}}
receivers:
  - {{name: told, webhook_configs: [{{url: "http://{address}:8080/from-alertmanager", send_resolved: true}}]}}
"""
NOBODY = "65534"
# Its templates have a fixed place: they are laid over the host's for this process alone.
START = ('mount -t overlay overlay -o lowerdir="$1/usr/share":/usr/share /usr/share && shift && '
         f'exec setpriv --reuid={NOBODY} --regid={NOBODY} --clear-groups "$@"')


class Alertmanager:
    """`namespace`: where it listens, on port 9093 of `address`. It tells the lab's gateway, which keeps what it hears."""

    def __init__(self, namespace, address):
        self.namespace, self.address = namespace, address
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="nethealth-alerts-"))
        (self.folder / "alertmanager.yml").write_text(CONFIGURATION.format(address=address))
        for path in (self.folder, self.folder / "alertmanager.yml"):
            os.chown(path, int(NOBODY), int(NOBODY))
        self.process = None

    def start(self):
        program = UNPACKED / "usr/bin/prometheus-alertmanager"
        if not program.exists():
            raise AssertionError("no Alertmanager: tests/end_to_end/fetch-alertmanager FOLDER, and "
                                 "NETHEALTH_ALERTMANAGER=FOLDER")
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(
                ["ip", "netns", "exec", self.namespace, "sh", "-c", START, "sh", UNPACKED, program,
                 f"--config.file={self.folder / 'alertmanager.yml'}",
                 f"--storage.path={self.folder / 'data'}", f"--web.listen-address={self.address}:9093",
                 "--cluster.listen-address="], stdout=log, stderr=log)
        wait_until(lambda: self.alerts() is not None, "the Alertmanager to answer")

    def stop(self):
        if self.process:
            self.process.terminate()
            self.process.wait(timeout=20)
            self.process = None

    def remove(self):
        self.stop()
        shutil.rmtree(self.folder)

    def alerts(self):
        """Those that have not ended, or None when it does not answer."""
        done = subprocess.run(["ip", "netns", "exec", self.namespace, "curl", "-sS", "--max-time", "5",
                               f"http://{self.address}:9093/api/v2/alerts"], capture_output=True, text=True)
        return json.loads(done.stdout) if done.returncode == 0 and done.stdout.startswith("[") else None


class Test(CityHall):
    @classmethod
    def before_start(cls):
        address = cls.lab.description["lab"]["outside"]["receivers"]
        cls.receiver = Alertmanager(cls.lab.network.namespace("outside"), address)
        cls.addClassCleanup(cls.receiver.remove)
        cls.receiver.start()

    @classmethod
    def change_now(cls):
        channel = {"name": "alerts", "type": "alertmanager", "url": f"http://{cls.receiver.address}:9093",
                   "on": ["stopped", "at_risk"], "interval": "5s"}
        return {"http": {"listen": "127.0.0.1:8080", "public_url": "https://nethealth.city.example"},
                "channels": [*cls.lab.description["channels"], channel]}

    def alert(self):
        alerts = self.receiver.alerts()
        self.assertEqual(len(alerts), 1, alerts)
        return alerts[0]

    def told(self, status):
        """What the Alertmanager told its own receiver."""
        return [entry["json"] for entry in self.lab.received("sms")
                if "/from-alertmanager" in entry["head"] and entry["json"]["status"] == status]

    def state(self):
        return next(entry for entry in self.daemon.json("status")["channels"] if entry["channel"] == "alerts")

    def test_1_an_open_incident_is_an_alert(self):
        self.lab.fault("service-crashed")
        wait_until(lambda: self.receiver.alerts(), "the alert")
        incident = self.daemon.incidents()[0]
        number = incident["incident"]
        alert = self.alert()
        self.assertEqual(alert["labels"],
                         {"alertname": "NethealthIncident", "site": "国立市役所", "incident": str(number),
                          "procedure": "failure", "severity": "stopped", "category": "software", "cause": "service",
                          "device": "cs-2", "room": "machine-room"})
        self.assertIn("CSサーバ2号機", alert["annotations"]["summary"])
        self.assertEqual(alert["generatorURL"], f"https://nethealth.city.example/api/v1/incidents/{number}/report")
        self.assertEqual(alert["status"]["state"], "active")
        wait_until(lambda: self.told("firing"), "the Alertmanager to tell it")
        self.assertTrue(self.state()["works"])

    def test_2_who_has_it_in_hand_does_not_make_another(self):
        before = self.alert()["fingerprint"]
        self.act("ack", self.daemon.incidents()[0]["incident"], "--as", "sato")
        wait_until(lambda: self.alert()["annotations"].get("acknowledged_by") == "sato", "sato to be named")
        self.assertEqual(self.alert()["fingerprint"], before)

    def test_3_a_daemon_that_was_killed_doubles_nothing(self):
        before = self.alert()
        self.daemon.kill()
        self.daemon.start()
        wait_until(lambda: self.alert()["updatedAt"] > before["updatedAt"], "it to be said again")
        after = self.alert()
        self.assertEqual((after["fingerprint"], after["startsAt"]), (before["fingerprint"], before["startsAt"]))
        self.assertEqual(len(self.told("firing")), 1, "told once")

    def test_4_an_alertmanager_that_was_away_gets_it_again(self):
        before = self.alert()["fingerprint"]
        self.receiver.stop()
        wait_until(lambda: not self.state()["works"], "the trouble to be shown")
        self.assertTrue(self.state()["trouble"])
        self.assertIn("Alertmanager alerts", self.daemon.call("status")[1])
        self.receiver.start()
        wait_until(lambda: self.receiver.alerts(), "the alert to be back")
        self.assertEqual(self.alert()["fingerprint"], before)
        wait_until(lambda: self.state()["works"], "the trouble to be over")

    def test_5_it_ends_when_the_incident_is_over(self):
        self.lab.repair("service-crashed")
        self.wait_state(self.daemon.incidents()[0]["incident"], "restored")
        wait_until(lambda: self.receiver.alerts() == [], "the alert to end")
        wait_until(lambda: self.told("resolved"), "the Alertmanager to tell the end")
        self.assertEqual(len(self.told("resolved")), 1)
        self.assertEqual(len(self.told("firing")), 1, "told once in all")


if __name__ == "__main__":
    main()
