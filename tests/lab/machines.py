"""The programs that run on the machines, each a process in its machine's namespace."""

import hashlib
import json
import os
import pathlib
import signal
import subprocess
import sys

from lab.network import process_start
from lab.wait import wait_until

HERE = pathlib.Path(__file__).resolve().parent
COMMUNITY = "nethealth-lab"
AUTH_PASSPHRASE = "lab-authentication"
PRIVACY_PASSPHRASE = "lab-privacy-phrase"
WRITE_COMMUNITY = "lab-write"  # only from the machine itself; moves its needles
ENTITY = "1.3.6.1.2.1.47.1.1.1.1"
ENTITY_SENSOR = "1.3.6.1.2.1.99.1.1.1"
ENTITY_STATE_ALARM = "1.3.6.1.2.1.131.1.1.1.5"
# What the monitor may read: system, interfaces, parts and their states, UPS, bridges and their neighbours. Not the load and the disks of the host
# that the lab runs on.
SEEN = ("1.3.6.1.2.1.1", "1.3.6.1.2.1.2", "1.3.6.1.2.1.31", "1.3.6.1.2.1.33", "1.3.6.1.2.1.47", "1.3.6.1.2.1.99",
        "1.3.6.1.2.1.131", "1.3.6.1.6.3", "1.3.6.1.2.1.17", "1.0.8802.1.1.2")
UPS = "1.3.6.1.2.1.33.1"
IF_TABLE_CACHE_TIMEOUT = "1.3.6.1.4.1.8072.1.5.3.1.2.1.3.6.1.2.1.2.2"  # nsCacheTimeout of ifTable


class Processes:
    """Started processes by name, each in a session of its own; survives the Python process that started them."""

    def __init__(self, records=None):
        self.records = dict(records or {})  # name -> [pid, start]
        self._children = {}

    def start(self, name, command, log, **keywords):
        with open(log, "ab") as output:
            child = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=output, stderr=output,
                                     start_new_session=True, **keywords)
        self._children[name] = child
        self.records[name] = [child.pid, process_start(child.pid)]
        return child

    def pid(self, name):
        """Of a running process, else None."""
        if name in self._children:
            self._children[name].poll()
        pid, start = self.records.get(name, (0, None))
        return pid if start is not None and process_start(pid) == start else None

    def signal(self, name, number):
        pid = self.pid(name)
        if pid:
            os.kill(pid, number)

    def kill(self, name):
        self.signal(name, signal.SIGKILL)
        wait_until(lambda: self.pid(name) is None, f"{name} to end")
        self.records.pop(name, None)
        if child := self._children.pop(name, None):
            child.wait()

    def result(self, name, guard=20):
        """The exit status of a process of ours, once it has ended."""
        return self._children[name].wait(guard)

    def kill_all(self):
        for name in list(self.records):
            self.signal(name, signal.SIGKILL)
        for child in self._children.values():
            child.wait()
        self._children.clear()


class Machines:
    def __init__(self, network, description, folder, processes):
        self.network = network
        self.lab = description["lab"]
        self.devices = network.machines
        self.folder = folder
        self.processes = processes
        self.with_tables = set()  # switches whose agents tell of their bridge and their neighbours

    def programs(self, name):
        """snmpd, cs-app ...: what this machine runs."""
        services = [service["name"] for service in self.devices[name].get("services", [])]
        return (["snmpd"] if name in self.lab["agents"] else []) + services

    def start(self, name, programs=None):
        for program in programs or self.programs(name):
            if self.processes.pid(f"{name}/{program}"):
                continue
            if program == "snmpd":
                self._start_agent(name)
            else:
                self._start_service(name, program)

    def stop(self, name, programs=None):
        for program in programs or self.programs(name):
            self.processes.kill(f"{name}/{program}")

    def signal(self, name, number):
        for program in self.programs(name):
            self.processes.signal(f"{name}/{program}", number)

    def ready(self, name):
        """Waits until the agent answers, and makes it look at its ports each time it is asked (it would remember
        them for 3 seconds)."""
        if "snmpd" in self.programs(name):
            wait_until(lambda: self.set_value(name, IF_TABLE_CACHE_TIMEOUT, "i", 0), f"snmpd of {name}")

    def set_value(self, name, oid, kind, value):
        command = ["snmpset", "-v2c", "-c", WRITE_COMMUNITY, "-r0", "-t1", "127.0.0.1", oid, kind, str(value)]
        return self.network.run(name, command, check=False, capture_output=True,
                                env={**os.environ, "MIBS": ""}).returncode == 0

    def tell_tables(self, name):
        """The switch's agent comes back telling of its bridge, too."""
        self.with_tables.add(name)
        self.stop(name, ["snmpd"])
        self._start_agent(name)
        self.ready(name)

    def set_neighbours(self, name, neighbours):
        """What the agent of a switch with tables tells by LLDP from now on; nothing of LLDP with an empty list."""
        (self.folder / name / "neighbours.json").write_text(json.dumps(neighbours))

    def set_passphrase(self, name, passphrase):
        """The agent comes back knowing another one."""
        self.stop(name, ["snmpd"])
        self._start_agent(name, passphrase)
        self.ready(name)

    def _start_agent(self, name, passphrase=AUTH_PASSPHRASE):
        folder = self.folder / name
        (folder / "persistent").mkdir(parents=True, exist_ok=True)
        # The persistent file holds the user's old key, and would win over the line below.
        for file in (folder / "persistent").glob("snmpd*.conf"):
            kept = [line for line in file.read_text().splitlines() if not line.startswith("usmUser")]
            file.write_text("\n".join(kept) + "\n")
        (folder / "snmpd.conf").write_text("\n".join(self._agent_lines(name, folder, passphrase)) + "\n")
        environment = {**os.environ, "MIBS": "", "SNMP_PERSISTENT_DIR": str(folder / "persistent"),
                       "SNMPCONFPATH": str(folder)}
        command = ["snmpd", "-f", "-LE", "4", "-C", "-c", str(folder / "snmpd.conf"), "-p", str(folder / "snmpd.pid"),
                   "-I", "-smux,mteTrigger,mteTriggerConf,mteEvent,mteObjects,schedule",
                   f"udp:{self.devices[name]['address']}:161", "udp:127.0.0.1:161"]
        self._run(f"{name}/snmpd", name, command, env=environment)

    def _agent_lines(self, name, folder, passphrase):
        yield f"[snmp] persistentDir {folder / 'persistent'}"
        yield "dontLogTCPWrappersConnects yes"
        yield f"rwcommunity {WRITE_COMMUNITY} 127.0.0.1"
        yield f"sysName {name}"
        yield f"exactEngineID 0x80001f8804{hashlib.sha256(name.encode()).hexdigest()[:16]}"
        yield from (f"view seen included .{subtree}" for subtree in SEEN)
        if self.lab["agents"][name] == "lan":
            yield f"rocommunity {COMMUNITY} default -V seen"
        else:
            yield f"createUser nethealth SHA-256 {passphrase} AES {PRIVACY_PASSPHRASE}"
            yield "rouser nethealth authpriv -V seen"
        if name in self.with_tables:
            for subtree in ("1.0.8802.1.1.2", "1.3.6.1.2.1.17"):
                yield (f"pass_persist .{subtree} {sys.executable} -B {HERE / 'switch_tables.py'} "
                       f"{folder / 'neighbours.json'}")
        for oid, value in self.lab.get("ups", {}).get(name, {}).items():
            yield f"override -rw {UPS}.{oid} integer {value}"
        for sensor in self.lab.get("sensors", {}).get(name, []):
            yield from sensor_lines(sensor)

    def _start_service(self, name, program):
        services = self.devices[name]["services"]
        service = next(entry for entry in services if entry["name"] == program)
        application = next((entry["tcp"] for entry in services if "tcp" in entry), 0)
        words = ["tcp", service["tcp"]] if "tcp" in service else ["http", 80, application]
        command = [sys.executable, str(HERE / "services.py"), *map(str, words)]
        self._run(f"{name}/{program}", name, command)

    def _run(self, process, name, command, **keywords):
        (self.folder / name).mkdir(parents=True, exist_ok=True)
        self.processes.start(process, ["ip", "netns", "exec", self.network.namespace(name), *command],
                             self.folder / name / "output.log", **keywords)


def sensor_lines(sensor):
    """A row of ENTITY-MIB; a part has a state too (ENTITY-STATE-MIB), a sensor a reading (ENTITY-SENSOR-MIB)."""
    index = sensor["index"]
    for column in (2, 7):
        yield f'override {ENTITY}.{column}.{index} octet_str "{sensor["name"]}"'
    yield f"override {ENTITY}.4.{index} integer {sensor.get('in', 0)}"
    yield f"override {ENTITY}.5.{index} integer {sensor['class']}"
    if "type" not in sensor:
        yield f"override -rw {ENTITY_STATE_ALARM}.{index} octet_str 0x00"
        return
    for column, value in {1: sensor["type"], 2: 9, 3: 0, 4: sensor["value"], 5: 1}.items():
        yield f"override -rw {ENTITY_SENSOR}.{column}.{index} integer {value}"
