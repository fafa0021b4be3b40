"""A real network management system's ear: net-snmp's snmptrapd, which knows NETHEALTH-MIB, and confirms informs."""

import os
import pathlib
import shutil
import subprocess
import tempfile

from lab.wait import wait_until

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
COMMUNITY, USER = "told", "nethealth"
AUTHENTICATION, PRIVACY = "manager-authentication", "manager-privacy-phrase"
ENGINE = "0x80007ed9056e65746865616c7468"  # who sends SNMPv3 traps
CONFIGURATION = f"""authCommunity log {COMMUNITY}
createUser {USER} SHA-256 "{AUTHENTICATION}" AES "{PRIVACY}"
createUser -e {ENGINE} {USER} SHA-256 "{AUTHENTICATION}" AES "{PRIVACY}"
authUser log {USER} priv
"""


class TrapManager:
    """`namespace`: where it listens, on port 162 of `address`."""

    def __init__(self, namespace, address):
        self.namespace, self.address = namespace, address
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="nethealth-traps-"))
        (self.folder / "snmptrapd.conf").write_text(CONFIGURATION)
        for name, text in (("community", COMMUNITY), ("auth", AUTHENTICATION), ("privacy", PRIVACY)):
            (self.folder / name).touch(mode=0o600)
            (self.folder / name).write_text(text + "\n")
        self.heard_file = self.folder / "heard"
        self.process = None

    def start(self):
        modules = f"{ROOT / 'tests/lint/mibs'}:{ROOT / 'packaging/mibs'}"
        state = self.folder / "state"  # where it keeps its engine and how often it started
        self.process = subprocess.Popen(
            ["ip", "netns", "exec", self.namespace, "snmptrapd", "-f", "-C", "-c", self.folder / "snmptrapd.conf",
             "-Lf", self.heard_file, "-A", "-M", modules, "-m", "NETHEALTH-MIB", "-OQ", "-F", "%V|%P|%v\n",
             f"udp:{self.address}:162"],
            env={**os.environ, "SNMP_PERSISTENT_DIR": str(state), "SNMPCONFPATH": str(state)},
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        wait_until(self._listens, "snmptrapd to listen")

    def stop(self):
        if self.process:
            self.process.terminate()
            self.process.wait(timeout=20)
            self.process = None

    def remove(self):
        self.stop()
        shutil.rmtree(self.folder)

    def _listens(self):
        done = subprocess.run(["ip", "netns", "exec", self.namespace, "ss", "-Hlun", "sport", "=", ":162"],
                              capture_output=True, text=True)
        return self.address in done.stdout

    def heard(self):
        """Each notification as a map of its objects' names; "by" is how it came, "is" the notification's name."""
        try:
            text = self.heard_file.read_text()
        except OSError:
            return []
        found = []
        for line in text.splitlines():
            if "NETHEALTH-MIB::" not in line:
                continue
            by, *bindings = line.split("|")
            entry = {"by": by}
            for binding in bindings:
                name, _, value = binding.partition(" = ")
                name = name.strip().rpartition("::")[2].removesuffix(".0")
                entry["is" if "NETHEALTH-MIB::" in value else name] = value.rpartition("::")[2].strip()
            found.append(entry)
        return found

    def credentials(self):
        """Entries for `credentials:` of the configuration."""
        return [{"name": "told", "version": "2c", "community_file": str(self.folder / "community")},
                {"name": "manager", "version": 3, "user": USER,
                 "auth": {"protocol": "SHA-256", "passphrase_file": str(self.folder / "auth")},
                 "privacy": {"protocol": "AES", "passphrase_file": str(self.folder / "privacy")}}]
