"""The monitoring agent under test, run on the monitor, and its command line."""

import json
import pathlib
import signal
import subprocess

from lab.wait import wait_until


class Daemon:
    def __init__(self, lab, binary):
        self.lab = lab
        self.binary = str(pathlib.Path(binary).resolve())
        self.socket = lab.folder / "nethealth.sock"
        self.log = lab.folder / "daemon.log"
        self.config = lab.folder / "nethealth.yaml"

    def configure(self, change=None):
        self.config = self.lab.write_configuration(change)

    def start(self, wait=True):
        command = ["ip", "netns", "exec", self.lab.network.namespace(self.lab.network.monitor()), self.binary, "run",
                   "--config", str(self.config), "--socket", str(self.socket)]
        self.lab.processes.start("daemon", command, self.log)
        self.lab.save()
        if wait:
            self.wait_ready()

    def wait_ready(self):
        wait_until(lambda: self._dead() or self.picture() is not None, "the daemon to answer")
        if self._dead():
            raise AssertionError(f"the daemon ended at its start:\n{self.tail()}")

    def wait_complete(self):
        """Until every device has been looked at."""
        self.wait_ready()

        def unseen():
            devices = self.picture() or [{"device": "(no answer)", "state": "unknown"}]
            return [device["device"] for device in devices if device["state"] == "unknown"]
        try:
            wait_until(lambda: not unseen(), "every device to have been looked at")
        except AssertionError as error:
            raise AssertionError(f"{error}; still unknown: {unseen()}\n{self.tail()}") from None

    def stop(self):
        """A clean stop; returns the exit status."""
        self.lab.processes.signal("daemon", signal.SIGTERM)
        return self.lab.processes.result("daemon")

    def kill(self):
        self.lab.processes.kill("daemon")

    def running(self):
        return self.lab.processes.pid("daemon") is not None

    def call(self, *words, place=None):
        """The command line; returns (exit status, standard output, standard error). With `place`, run there."""
        command = [self.binary, *map(str, words)]
        for option, value in (("--config", self.config), ("--socket", self.socket)):
            if option not in words:
                command += [option, str(value)]
        if place:
            command = ["ip", "netns", "exec", self.lab.network.namespace(place), *command]
        done = subprocess.run(command, capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=60)
        return done.returncode, done.stdout, done.stderr

    def json(self, *words):
        status, output, errors = self.call(*words, "--json")
        try:
            return json.loads(output)
        except ValueError:
            raise AssertionError(f"{' '.join(map(str, words))} --json: exit {status}, printed {output!r} {errors!r}\n"
                                 f"{self.tail()}") from None

    def picture(self):
        """The devices of `status --json`, or None when no daemon answers."""
        status, output, _ = self.call("status", "--json")
        return json.loads(output)["devices"] if status in (0, 1) else None

    def incidents(self):
        return self.json("incident", "list")

    def tail(self, lines=40):
        text = self.log.read_text(errors="replace") if self.log.exists() else ""
        return "--- the daemon's last lines\n" + "\n".join(text.splitlines()[-lines:])

    def _dead(self):
        return not self.running()
