"""Kernels and cables: every machine is a network namespace of its own, every cable a pair of veth ends.

All names carry the prefix of the run (nh<process id>), so that several labs live side by side, and what a killed
run leaves behind is found and removed by the next one."""

import os
import pathlib
import re
import subprocess

STATE_ROOT = pathlib.Path("/run/nethealth-lab")
NETNS_ROOT = pathlib.Path("/run/netns")
PREFIX = re.compile(r"^nh(\d+)(?:-|$)")


def ip(*arguments, check=True):
    return subprocess.run(["ip", *arguments], check=check, capture_output=True, text=True).stdout


def ip_batch(lines):
    """Many ip commands in one process; a failing one says which line it was."""
    done = subprocess.run(["ip", "-batch", "-"], input="\n".join(lines) + "\n", capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(f"ip -batch: {done.stderr.strip()}\n" + "\n".join(lines))


def process_start(pid):
    """When the process began, in clock ticks since boot; None when it is gone or only waits to be reaped."""
    try:
        fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    except (OSError, IndexError):
        return None
    return None if fields[0] in "ZX" else int(fields[19])


def namespaces(prefix=""):
    if not NETNS_ROOT.is_dir():
        return []
    return sorted(entry.name for entry in NETNS_ROOT.iterdir() if entry.name.startswith(prefix))


def remove_namespaces(prefix):
    """Ends what still runs inside them, then removes them."""
    for name in namespaces(prefix + "-"):
        for pid in ip("netns", "pids", name, check=False).split():
            try:
                os.kill(int(pid), 9)
            except ProcessLookupError:
                pass
        ip("netns", "delete", name, check=False)


def unmount_below(folder):
    for line in reversed(pathlib.Path("/proc/self/mounts").read_text().splitlines()):
        place = line.split()[1]
        if place.startswith(str(folder) + "/"):
            subprocess.run(["umount", "-l", place], check=False)


def sweep():
    """Removes what runs left behind whose process is gone. Labs that were kept on purpose stay."""
    prefixes = {match.group(0).rstrip("-") for name in namespaces() if (match := PREFIX.match(name))}
    if STATE_ROOT.is_dir():
        prefixes |= {entry.name for entry in STATE_ROOT.iterdir() if PREFIX.match(entry.name)}
    for prefix in prefixes:
        owner = STATE_ROOT / prefix / "owner"
        try:
            kept, pid, start = owner.read_text().split()
        except (OSError, ValueError):
            # Between mkdir and the write of the owner file the process of the name is alive.
            kept, pid, start = "no", prefix[2:], None
        begun = process_start(int(pid))
        alive = begun is not None and (start is None or str(begun) == start)
        if kept == "no" and not alive:
            remove(prefix)


def remove(prefix):
    remove_namespaces(prefix)
    folder = STATE_ROOT / prefix
    unmount_below(folder)
    subprocess.run(["rm", "-rf", "--one-file-system", str(folder)], check=False)


class Network:
    """The wiring of one description. Ports are interfaces named as the description names them; a machine with
    one cable and no port name calls its end eth0."""

    def __init__(self, prefix, description):
        self.prefix = prefix
        self.lab = description["lab"]
        self.machines = {device["name"]: device for device in description["devices"] + self.lab.get("extra", [])}
        self.cables = list(self._cables())

    def namespace(self, name):
        return f"{self.prefix}-{name}"

    def forwards(self, name):
        return self.machines.get(name, {}).get("kind") in ("switch", "hub")

    def ports(self, name):
        """The interfaces of a machine that have a cable in them."""
        return [port for cable in self.cables for machine, port in cable if machine == name]

    def cable_between(self, one, other):
        """((one, its port), (other, its port))."""
        for cable in self.cables:
            ends = dict(cable)
            if set(ends) == {one, other}:
                return (one, ends[one]), (other, ends[other])
        raise KeyError(f"no cable between {one} and {other}")

    def _cables(self):
        taken = {}
        for name, machine in self.machines.items():
            wires = machine.get("connected_to", [])
            for wire in wires if isinstance(wires, list) else [wires]:
                wire = wire if isinstance(wire, dict) else {"to": wire}
                peer, _, peer_port = wire["to"].partition(":")
                yield ((name, self._port(name, wire.get("port"), taken)),
                       (peer, self._port(peer, peer_port, taken)))
        yield ("outside", "eth0"), (self.monitor(), "line0")

    def _port(self, name, port, taken):
        if port:
            return port
        taken[name] = taken.get(name, 0) + 1
        return f"p{taken[name]}" if self.forwards(name) else f"eth{taken[name] - 1}"

    def monitor(self):
        return next(name for name, machine in self.machines.items() if machine.get("kind") == "monitor")

    def up(self):
        names = [*self.machines, "outside"]
        for name in names:
            ip("netns", "add", self.namespace(name))
            self.run(name, ["sh", "-c", "for f in all default; do echo 1 >/proc/sys/net/ipv6/conf/$f/disable_ipv6;"
                                        " done"])
        lines = []
        for cable in self.cables:
            (one, one_port), (other, other_port) = cable
            lines.append(f"link add name {one_port} netns {self.namespace(one)} type veth "
                         f"peer name {other_port} netns {self.namespace(other)}")
        for unplugged in self.lab.get("unplugged", []):
            name, _, port = unplugged.partition(":")
            lines.append(f"link add name {port} netns {self.namespace(name)} type veth "
                         f"peer name {name}-{port} netns {self.namespace('outside')}")
        ip_batch(lines)
        for name in names:
            self._set_up(name)

    def _set_up(self, name):
        lines = ["link set lo up"]
        ports = self.ports(name) + [port for machine, _, port in
                                    (place.partition(":") for place in self.lab.get("unplugged", [])) if machine == name]
        main = ports[0]
        if self.forwards(name):
            main = "br0"
            lines.append("link add br0 type bridge stp_state 0 forward_delay 0 mcast_snooping 0")
            lines += [f"link set {port} master br0" for port in ports]
            lines.append("link set br0 up")
        lines += [f"link set {port} up" for port in ports]
        if name == "outside":
            lines.append(f"address add {self.lab['outside']['receivers']}/30 dev eth0")
        if name == self.monitor():
            lines.append(f"address add {self.lab['outside']['monitor']}/30 dev line0")
        address = self.machines.get(name, {}).get("address")
        if address:
            lines.append(f"address add {address}/24 dev {main}")
        if name == self.monitor():
            # The monitor's gateway: the switch it hangs on.
            lines.append(f"route add default via {self.machines[self._first_switch()]['address']}")
        done = subprocess.run(["ip", "-n", self.namespace(name), "-batch", "-"], input="\n".join(lines) + "\n",
                              capture_output=True, text=True)
        if done.returncode:
            raise RuntimeError(f"{name}: {done.stderr.strip()}\n" + "\n".join(lines))

    def _first_switch(self):
        monitor = self.monitor()
        return next(peer for cable in self.cables if monitor in dict(cable)
                    for peer in dict(cable) if peer != monitor and self.forwards(peer))

    def down(self):
        remove_namespaces(self.prefix)

    def run(self, name, command, check=True, **keywords):
        return subprocess.run(["ip", "netns", "exec", self.namespace(name), *command], check=check, **keywords)

    def link(self, name, port, state):
        ip("-n", self.namespace(name), "link", "set", port, state)

    def drop_everything(self, name, port):
        """The machine hears nothing any more, ARP included, while its link stays up."""
        self.run(name, ["nft", f'add table netdev hang; add chain netdev hang heard {{ type filter hook ingress '
                               f'device "{port}" priority 0; policy drop; }}'])

    def drop_packets(self, name, port):
        """It hears no IP packet any more but answers ARP, as a system does that hangs half-way or filters."""
        self.run(name, ["nft", f'add table netdev hang; add chain netdev hang heard {{ type filter hook ingress '
                               f'device "{port}" priority 0; policy accept; }}; '
                               f'add rule netdev hang heard meta protocol ip drop'])

    def hear_again(self, name):
        self.run(name, ["nft", "delete table netdev hang"])
