"""A network namespace for a measurement, in which every loopback address is a device and one real snmpd speaks for all."""

import os
import pathlib
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))

from lab.wait import wait_until  # noqa: E402

INSIDE = "NETHEALTH_BENCH_INSIDE"
QUIET = {"SNMPCONFPATH": "/dev/null", "SNMP_PERSISTENT_DIR": "/dev/null/none", "MIBS": "",
         "PATH": os.environ["PATH"] + ":/usr/sbin"}


def enter_own_network(ports=1):
    """Starts the program anew in a network of its own, with so many interfaces; the loopback is the first."""
    if os.environ.get(INSIDE):
        subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
        for number in range(2, ports + 1, 2):
            subprocess.run(["ip", "link", "add", f"port{number}", "index", str(number), "type", "veth", "peer", "name",
                            f"port{number + 1}", "index", str(number + 1)], check=True)
        return
    os.environ[INSIDE] = "1"
    words = ["unshare", "--net"] if os.geteuid() == 0 else ["unshare", "--net", "--map-root-user"]
    os.execvp(words[0], [*words, sys.executable, *sys.argv])


def address(number):
    return f"127.1.{number // 250}.{1 + number % 250}"


def start_agent(folder, modules="-diskio,hw_sensors"):
    """An snmpd that answers, community public, at every address; `modules` as its -I has them."""
    settings = pathlib.Path(folder) / "snmpd.conf"
    settings.write_text("rocommunity public\nagentaddress udp:0.0.0.0:161\n")
    agent = subprocess.Popen(["snmpd", "-f", "-Lf", "/dev/null", "-C", "-c", str(settings), "-I", modules], env=QUIET)
    asked = ["snmpget", "-v2c", "-c", "public", "-t", "0.2", "-r", "0", address(0), "1.3.6.1.2.1.1.3.0"]
    try:
        wait_until(lambda: subprocess.run(asked, env=QUIET, capture_output=True).returncode == 0, "snmpd to answer")
    except AssertionError:
        agent.terminate()
        raise
    return agent
