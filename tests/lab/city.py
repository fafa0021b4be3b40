"""The lab: one description brought to life, and taken down whatever happens."""

import atexit
import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys

import yaml

from lab import configuration, faults, network
from lab.daemon import Daemon
from lab.machines import Machines, Processes
from lab.wait import wait_until

HERE = pathlib.Path(__file__).resolve().parent
BINARY = os.environ.get("NETHEALTH", str(HERE.parent.parent / "build" / "nethealth"))
_live = []  # labs to take down when this process ends


def _end(number, _frame):
    sys.exit(128 + number)  # runs the exit handlers


COUNTER = "citizens@city.example"


class Lab:
    """`with Lab() as lab:` builds the network; `lab.daemon` is not started yet. Needs root."""

    def __init__(self, description=HERE / "city_hall.yaml", binary=BINARY, prefix=None):
        self.description_path = pathlib.Path(description).resolve()
        self.description = yaml.safe_load(self.description_path.read_text())
        self.prefix = prefix or self._free_prefix()
        self.folder = network.STATE_ROOT / self.prefix
        self.network = network.Network(self.prefix, self.description)
        self.processes = Processes()
        self.machines = Machines(self.network, self.description, self.folder / "machines", self.processes)
        self.binary = binary
        self.daemon = Daemon(self, binary)
        self.broken = []  # names of faults made and not repaired

    @staticmethod
    def _free_prefix():
        used = {name.partition("-")[0] for name in network.namespaces()}
        number = os.getpid()
        suffix = [f"nh{number}"] + [f"nh{number}x{count}" for count in range(2, 100)]
        return next(prefix for prefix in suffix if prefix not in used and not (network.STATE_ROOT / prefix).exists())

    @classmethod
    def attach(cls, prefix):
        """A lab that another process built."""
        state = json.loads((network.STATE_ROOT / prefix / "state.json").read_text())
        lab = cls(state["description"], state["binary"], prefix)
        lab.processes.records = state["processes"]
        lab.broken = state["broken"]
        return lab

    def __enter__(self):
        return self.up()

    def __exit__(self, *_):
        if self in _live:  # not kept
            self.down()

    def up(self):
        if os.geteuid() != 0:
            raise PermissionError("the lab makes network namespaces and needs root")
        network.sweep()
        if not _live:
            atexit.register(lambda: [lab.down() for lab in list(_live)])
            for number in (signal.SIGTERM, signal.SIGHUP):
                signal.signal(number, _end)
        _live.append(self)
        self.folder.mkdir(parents=True)
        self._write_owner("no")
        for name in ("machines", "log", "mail", "state"):
            (self.folder / name).mkdir()
        for device in self.description["devices"]:
            for log in device.get("logs", []):
                path = self.folder / "log" / log["path"]
                path.parent.mkdir(parents=True, exist_ok=True)
                path.touch()
        self.network.up()
        self._start_receivers()
        for name in self.network.machines:
            self.machines.start(name)
        for name in self.network.machines:
            self.machines.ready(name)
        self.wait_reachable()
        self.daemon.configure()
        self.save()
        return self

    def wait_reachable(self):
        """Until the monitor reaches every machine: a bridge notices the link of a new port up to a second late."""
        for name, machine in self.network.machines.items():
            if "address" in machine and name != self.network.monitor():
                ping = ["ping", "-q", "-c1", "-W1", machine["address"]]
                wait_until(lambda: self.network.run(self.network.monitor(), ping, check=False,
                                                    capture_output=True).returncode == 0, f"{name} to answer")

    def keep(self):
        """The lab outlives this process; `lab down` ends it."""
        self._write_owner("yes")
        self.save()
        _live.remove(self)

    def down(self):
        self.processes.kill_all()
        self.network.down()
        network.unmount_below(self.folder)
        shutil.rmtree(self.folder, ignore_errors=True)
        if self in _live:
            _live.remove(self)

    def save(self):
        state = {"description": str(self.description_path), "binary": str(self.binary),
                 "processes": self.processes.records, "broken": self.broken}
        fresh = self.folder / "state.json.new"
        fresh.write_text(json.dumps(state))
        fresh.rename(self.folder / "state.json")

    def _write_owner(self, kept):
        (self.folder / "owner").write_text(f"{kept} {os.getpid()} {network.process_start(os.getpid())}\n")

    def write_configuration(self, change=None):
        return configuration.write(self.description, self.folder, change)

    # Faults

    def fault(self, name):
        faults.by_name(name).make(self)
        self.broken.append(name)
        self.save()

    def repair(self, name):
        faults.by_name(name).repair(self)
        if name in self.broken:
            self.broken.remove(name)
        self.save()

    def device(self, name):
        return next(device for device in self.description["devices"] if device["name"] == name)

    def label(self, name):
        return self.device(name).get("label", name)

    def log(self, file, *lines, encoding="utf-8"):
        """Appends to a log file of a server, as its programs would."""
        with (self.folder / "log" / file).open("ab") as output:
            output.write("".join(line + "\n" for line in lines).encode(encoding))

    # Receivers

    def _start_receivers(self):
        address = self.description["lab"]["outside"]["receivers"]
        command = ["ip", "netns", "exec", self.network.namespace("outside"), sys.executable,
                   str(HERE / "receivers.py"), str(self.folder / "mail"), address]
        self.processes.start("outside/receivers", command, self.folder / "mail" / "output.log")
        wait_until(lambda: self._doors() == {"mail": True, "sms": True, "syslog": True}, "the receivers to listen")

    def _doors(self):
        try:
            return json.loads((self.folder / "mail" / "doors").read_text())
        except OSError:
            return {}

    def receiver(self, kind, mode):
        """How mail, sms or syslog behaves from now on: normal, refuse, busy, tarpit, silent."""
        (self.folder / "mail" / f"{kind}.mode").write_text(mode)
        wait_until(lambda: self._doors().get(kind) == (mode != "refuse"), f"{kind} to be in mode {mode}")

    def received(self, kind="mail", counter=False):
        """What has arrived, oldest first; what the counter staff are told only with `counter`."""
        try:
            data = (self.folder / "mail" / f"{kind}.jsonl").read_bytes()
        except OSError:
            return []
        # What is being written may end in the middle of a character.
        messages = [json.loads(line) for line in data[: data.rfind(b"\n") + 1].decode().split("\n") if line]
        return [message for message in messages if counter or COUNTER not in message.get("to", ())]

    def small_state(self, size_kib):
        """The daemon's state folder on a small file system of its own."""
        subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size_kib}k,mode=0755", "nethealth-lab",
                        str(self.folder / "state")], check=True)
