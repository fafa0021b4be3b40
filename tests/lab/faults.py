"""What can break, made with the kernel's own means on the machines themselves; the daemon is never told.

`expected` is what an honest diagnosis may say: a set of (category, cause, device), several where the same signs
have several causes. `labels` are devices of which the page must name at least one."""

import datetime
import signal
import sys
from dataclasses import dataclass
from typing import Callable

from lab import machines
from lab.wait import wait_until


@dataclass(frozen=True)
class Fault:
    name: str
    says: str
    make: Callable
    repair: Callable
    expected: frozenset
    labels: tuple
    severity: str = "stopped"
    procedure: str = "failure"
    component: str | None = None
    affected: tuple = ()
    mends: bool = True  # False: nothing shows that it is over; a person closes the incident
    page_to: str = "sato@city.example"


_all = {}


def by_name(name):
    if name not in _all:
        raise KeyError(f"no fault {name}; there are: {', '.join(_all)}")
    return _all[name]


def every():
    return list(_all.values())


def _add(name, says, make, repair, expected, labels, **more):
    _all[name] = Fault(name, says, make, repair, frozenset(expected), tuple(labels), **more)


def power_off(name):
    """All its ports lose their link, all its programs end."""
    def make(lab):
        for port in lab.network.ports(name):
            lab.network.link(name, port, "down")
        if name in lab.network.machines and lab.machines.programs(name):
            lab.machines.stop(name)
    return make


def power_on(name):
    def repair(lab):
        for port in lab.network.ports(name):
            lab.network.link(name, port, "up")
        lab.machines.start(name)
        lab.machines.ready(name)
    return repair


def both(*actions):
    return lambda lab: [action(lab) for action in actions]


def _cable(far, near, state):
    def set_link(lab):
        (machine, port), _ = lab.network.cable_between(far, near)
        lab.network.link(machine, port, state)
    return set_link


def cut(far, near):
    """Both ends lose their carrier. The end that is set down is the far one, whose machine nobody can ask meanwhile,
    so that the port that can be asked is without a carrier and not switched off."""
    return _cable(far, near, "down")


def mend(far, near):
    return _cable(far, near, "up")


def bridge(name, state):
    """A switch or hub whose ports keep their links and forward nothing."""
    return lambda lab: lab.network.link(name, "br0", state)


def freeze(lab, name):
    """The programs stop where they are; the kernel still answers for them until their queues are full, as those
    of a busy server are."""
    lab.machines.signal(name, signal.SIGSTOP)
    address = lab.network.machines[name]["address"]
    ports = [service["tcp"] if "tcp" in service else 80 for service in lab.network.machines[name]["services"]]
    fill = "import socket, sys\nfor word in sys.argv[2:] * 3:\n s = socket.socket()\n s.settimeout(0.2)\n" \
           " s.connect_ex((sys.argv[1], int(word)))\n s.detach()\n"
    lab.network.run(lab.network.monitor(), [sys.executable, "-c", fill, address, *map(str, ports)])


def thaw(lab, name):
    lab.machines.signal(name, signal.SIGCONT)


def needle(name, oid, value, kind="i"):
    """Moves a reading of the machine's own agent."""
    def move(lab):
        wait_until(lambda: lab.machines.set_value(name, oid, kind, value), f"{oid} of {name} to be {value}")
    return move


def fan(name, index, alarm, turns):
    """A fan whose state is `alarm` (BITS of ENTITY-STATE-TC-MIB, 20 is critical), and its speed next to it."""
    return both(needle(name, f"{machines.ENTITY_STATE_ALARM}.{index}", alarm, "x"),
                needle(name, f"{machines.ENTITY_SENSOR}.4.{index + 1}", turns))


def syslog_lines(machine, *texts):
    """Lines of the machine's system log, as they stand in /var/log/messages."""
    def write(lab):
        stamp = datetime.datetime.now().strftime("%b %e %H:%M:%S")
        lab.log(f"{machine}/messages.log", *(f"{stamp} {machine} {text}" for text in texts))
    return write


def _nothing(_lab):
    pass


def _hub_or_its_cable():
    return {("network", "hub", "hub-2f"), ("network", "link", "sw-2f"), ("network", "link", "hub-2f")}


def _switch_or_its_uplink():
    return {("network", "switch", "sw-2f"), ("network", "link", "sw-core"), ("network", "link", "sw-2f")}


_BEHIND_HUB = ("term-01", "term-02", "term-03")
_BEHIND_SWITCH = ("hub-2f", "term-01", "term-02", "term-03", "term-04", "term-05")

_add("hub-dead", "the hub of the citizens' section loses its power", power_off("hub-2f"), power_on("hub-2f"),
     _hub_or_its_cable(), ["hub-2f"], affected=_BEHIND_HUB)
_add("hub-hung", "the hub forwards nothing while its lamps stay lit", bridge("hub-2f", "down"), bridge("hub-2f", "up"),
     {("network", "hub", "hub-2f")}, ["hub-2f"], affected=_BEHIND_HUB)
_add("hub-cable-cut", "the cable between access switch and hub is cut", cut("hub-2f", "sw-2f"), mend("hub-2f", "sw-2f"),
     _hub_or_its_cable(), ["hub-2f"], affected=_BEHIND_HUB)
_add("switch-dead", "the access switch loses its power", power_off("sw-2f"), power_on("sw-2f"),
     _switch_or_its_uplink(), ["sw-2f"], affected=_BEHIND_SWITCH)
_add("switch-hung", "the access switch forwards nothing and answers nothing while its lamps stay lit",
     bridge("sw-2f", "down"), bridge("sw-2f", "up"), {("network", "switch", "sw-2f")}, ["sw-2f"],
     affected=_BEHIND_SWITCH)
_add("uplink-cut", "the cable between core switch and access switch is cut",
     cut("sw-2f", "sw-core"), mend("sw-2f", "sw-core"), _switch_or_its_uplink(), ["sw-2f"], affected=_BEHIND_SWITCH)
_add("server-cable-cut", "the cable of CS server 1 is cut; its management controller still answers",
     cut("cs-1", "sw-core"), mend("cs-1", "sw-core"),
     {("network", "link", "sw-core"), ("network", "link", "cs-1")}, ["cs-1"], affected=("cs-1",))
_add("server-dead", "CS server 1 loses its power, its management controller too",
     both(power_off("cs-1"), power_off("bmc-1")), both(power_on("bmc-1"), power_on("cs-1")),
     {("hardware", "device_power", "cs-1"), ("hardware", "device_hardware", "cs-1")}, ["cs-1"])
_add("server-hung", "CS server 1 answers nothing, its link stays up",
     both(lambda lab: lab.network.drop_everything("cs-1", "eth0"), lambda lab: lab.machines.signal("cs-1", signal.SIGSTOP)),
     both(lambda lab: lab.network.hear_again("cs-1"), lambda lab: thaw(lab, "cs-1")),
     {("software", "device_hang", "cs-1")}, ["cs-1"])
_add("server-filters", "CS server 2 answers nothing but ARP",
     lambda lab: lab.network.drop_packets("cs-2", "eth0"), lambda lab: lab.network.hear_again("cs-2"),
     {("software", "device_hang", "cs-2")}, ["cs-2"])
_add("server-2-dead", "CS server 2, which has no management controller, loses its power", power_off("cs-2"),
     power_on("cs-2"), {(category, "device_power", "cs-2") for category in ("hardware", "undetermined")}, ["cs-2"])
_add("server-half-hung", "every program of CS server 2 stands still, its kernel answers pings",
     lambda lab: freeze(lab, "cs-2"), lambda lab: thaw(lab, "cs-2"), {("software", "device_hang", "cs-2")}, ["cs-2"])
_add("service-crashed", "the application of CS server 2 crashes",
     lambda lab: lab.machines.stop("cs-2", ["cs-app"]), lambda lab: lab.machines.start("cs-2", ["cs-app"]),
     {("software", "service", "cs-2")}, ["cs-2"], component="cs-app")
_add("agent-dead", "the SNMP agent of CS server 2 ends",
     lambda lab: lab.machines.stop("cs-2", ["snmpd"]),
     both(lambda lab: lab.machines.start("cs-2", ["snmpd"]), lambda lab: lab.machines.ready("cs-2")),
     {("software", "agent", "cs-2")}, ["cs-2"], severity="at_risk")
_add("agent-wrong-key", "the SNMP agent of CS server 2 is given another passphrase",
     lambda lab: lab.machines.set_passphrase("cs-2", "some-other-passphrase"),
     lambda lab: lab.machines.set_passphrase("cs-2", machines.AUTH_PASSPHRASE),
     {("software", "configuration", "cs-2"), ("software", "agent", "cs-2")}, ["cs-2"], severity="at_risk")
_add("ups-on-battery", "mains power fails, the UPS runs on its battery",
     both(needle("ups-1", f"{machines.UPS}.2.2.0", 7), needle("ups-1", f"{machines.UPS}.4.1.0", 5)),
     both(needle("ups-1", f"{machines.UPS}.4.1.0", 3), needle("ups-1", f"{machines.UPS}.2.2.0", 0)),
     {("hardware", "power_feed", "ups-1")}, ["ups-1"], severity="at_risk")
_add("fan-failed", "a fan of CS server 1 stops",
     fan("cs-1", 100, "20", 0), fan("cs-1", 100, "00", 4200),
     {("hardware", "device_hardware", "cs-1")}, ["cs-1"], severity="at_risk", component="Fan 1")
_add("switch-fan-failed", "a fan of the core switch stops",
     fan("sw-core", 200, "20", 0), fan("sw-core", 200, "00", 5100),
     {("network", "switch", "sw-core"), ("network", "device_hardware", "sw-core")}, ["sw-core"], severity="at_risk",
     component="Fan Tray 1")
_add("disk-errors", "the disk of CS server 2 begins to fail",
     syslog_lines("cs-2", "kernel: [86411.204] blk_update_request: critical medium error, dev sda, sector 976772 op 0x0:"
                          "(READ) flags 0x0 phys_seg 1 prio class 0",
                  "kernel: [86411.205] Buffer I/O error on dev sda2, logical block 976772, async page read"),
     _nothing, {("hardware", "device_hardware", "cs-2")}, ["cs-2"], severity="at_risk", mends=False)
_add("out-of-memory", "the kernel of CS server 1 kills a program for want of memory",
     syslog_lines("cs-1", "kernel: [90117.513] Out of memory: Killed process 2345 (java) total-vm:8123456kB, "
                          "anon-rss:6012345kB, file-rss:0kB, shmem-rss:0kB, UID:1000 pgtables:12345kB oom_score_adj:0"),
     _nothing, {("software", cause, "cs-1") for cause in ("service", "device_hang", "unknown", "configuration")},
     ["cs-1"], severity="at_risk", mends=False)
_add("failed-log-ins", "somebody guesses passwords on CS server 1",
     syslog_lines("cs-1", *(f"sshd[{2200 + number}]: Failed password for root from 192.0.2.105 port {51000 + number} ssh2"
                            for number in range(5))),
     _nothing, {("misconduct", "unauthorised_access", "cs-1")}, ["cs-1"], severity="at_risk", procedure="misconduct",
     mends=False, page_to="tanaka@city.example")
_add("virus", "the virus scanner of CS server 2 finds something",
     syslog_lines("cs-2", "clamd[811]: /srv/share/invoice.exe: Win.Trojan.Agent-36442-0(8a2ad3c4:1024) FOUND"),
     _nothing, {("misconduct", "malware", "cs-2")}, ["cs-2"], severity="at_risk", procedure="misconduct", mends=False,
     page_to="tanaka@city.example")
_add("monitor-cut", "the monitor's own cable is cut", cut("sw-core", "mon-1"), mend("sw-core", "mon-1"),
     {("network", "monitor_uplink", "mon-1"), ("network", "link", "mon-1"), ("network", "monitor_uplink", "sw-core")},
     ["mon-1", "sw-core"])
_add("terminals-off", "the terminals behind the hub are switched off",
     both(*map(power_off, _BEHIND_HUB)), both(*map(power_on, _BEHIND_HUB)), {("network", "hub", "hub-2f")}, ["hub-2f"],
     affected=_BEHIND_HUB)
