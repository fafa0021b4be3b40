"""City networks, drawn from a seed: what stands where, which cable runs where, what feeds what, and the configuration a
site would write about it (which may be wrong in some cables)."""

import collections
import dataclasses

FORWARDING = ("switch", "hub", "router", "firewall")


@dataclasses.dataclass
class Device:
    name: str
    kind: str
    room: str | None
    address: str | None = None
    snmp: bool = False
    power: list = dataclasses.field(default_factory=list)      # names of UPSes; empty: the room's mains
    services: list = dataclasses.field(default_factory=list)   # (name, "tcp" | "http", needed service or None)
    sensors: list = dataclasses.field(default_factory=list)    # (name, class)
    management: str | None = None                              # the address of the management controller
    calendar: bool = False
    logs: bool = False
    cables: list = dataclasses.field(default_factory=list)     # indexes into Network.cables

    @property
    def forwards(self):
        return self.kind in FORWARDING


@dataclasses.dataclass
class Cable:
    near: str
    far: str
    near_port: str | None
    far_port: str | None

    def port(self, device):
        return self.near_port if device == self.near else self.far_port

    def other(self, device):
        return self.far if device == self.near else self.near

    @property
    def place(self):
        return "|".join(sorted((self.near, self.far)))


class Network:
    def __init__(self, random, size):
        self.random = random
        self.devices = {}
        self.cables = []
        self.rooms = []
        self.port_style = random.choice(("{}", "{}", "Gi1/0/{}", "ge-0/0/{}", "eth{}"))
        self.watches_itself = random.random() < 0.5        # the monitor reports its own carrier and gateway
        self.routers_tell = random.random() < 0.5          # ICMP host unreachable from the last router
        self.names_far_ports = random.random() < 0.5
        self.redundant = size >= 60 and random.random() < 0.3
        self._used_ports = {}
        self._addresses = iter(f"10.{a}.{b}.{c}" for a in range(20, 60) for b in range(256) for c in range(1, 255))
        self._build(size)
        self.recorded = [dataclasses.replace(cable) for cable in self.cables]

    # -- building

    def _add(self, name, kind, room, address=True, **more):
        device = Device(name, kind, room, next(self._addresses) if address else None, **more)
        self.devices[name] = device
        return name

    def _port(self, name):
        if self.devices[name].kind in ("hub", "ups", "sensor", "terminal", "printer", "monitor"):
            return None
        number = self._used_ports[name] = self._used_ports.get(name, 0) + 1
        if self.devices[name].kind in ("server", "cs_server"):
            return f"eth{number - 1}"
        return self.port_style.format(number)

    def connect(self, near, far):
        self.cables.append(Cable(near, far, self._port(near), self._port(far)))
        for name in (near, far):
            self.devices[name].cables.append(len(self.cables) - 1)

    def _build(self, size):
        self.rooms.append("machine-room")
        feeds = [f"ups-{number}" for number in range(1, 2 + (size > 40))]
        core = self._add("sw-core", "switch", "machine-room", snmp=True, power=feeds[:1],
                         sensors=[("Fan 1", "fan"), ("PSU 1", "power")])
        self._add("mon-1", "monitor", "machine-room", address=False, power=feeds[:1])
        self.connect(core, "mon-1")
        cores = [core]
        if self.redundant:
            cores.append(self._add("sw-core-2", "switch", "machine-room", snmp=True, power=feeds[-1:]))
            self.connect(core, "sw-core-2")
        for feed in feeds:
            self._add(feed, "ups", "machine-room", snmp=True)
            self.connect(core, feed)
        if self.random.random() < 0.6:
            self._add("env-1", "sensor", "machine-room", snmp=True,
                      sensors=[("Room temperature", "temperature"), ("Water", "water"), ("Smoke", "smoke")])
            self.connect(core, "env-1")
        self._servers(max(2, min(40, size // 12)), cores, feeds)
        self._wan(core, feeds, 1 + size // 300)
        floor = 0
        while len(self.devices) < size:
            floor += 1
            self._floor(floor, cores, size)

    def _servers(self, count, cores, feeds):
        top = cores
        if count > 6:
            top = [self._add("sw-srv", "switch", "machine-room", snmp=True, power=feeds[:1], sensors=[("Fan 1", "fan")])]
            self.connect(cores[0], "sw-srv")
            if len(cores) > 1:
                self.connect(cores[1], "sw-srv")
        for number in range(1, count + 1):
            draw = self.random.random
            services = [("app", "tcp", None)]
            if draw() < 0.7:
                services.append(("web", "http", "app" if draw() < 0.4 else None))
            if draw() < 0.3:
                services.append(("db", "tcp", None))
            name = self._add(f"cs-{number}" if number <= 4 else f"srv-{number}", "cs_server" if number <= 4 else "server",
                             "machine-room", snmp=draw() < 0.85,
                             power=list(feeds) if draw() < 0.4 else [self.random.choice(feeds)],
                             services=services if draw() < 0.9 else [], logs=draw() < 0.6,
                             sensors=[("Fan 1", "fan"), ("PSU 1", "power"), ("PSU 2", "power"), ("Inlet", "temperature"),
                                      ("Disk 3", "disk"), ("DIMM 4", "memory")])
            if draw() < 0.4:
                self.devices[name].management = next(self._addresses)
            self.connect(top[0], name)
            if len(top) > 1 and draw() < 0.5:
                self.connect(top[1], name)

    def _wan(self, core, feeds, count):
        for number in range(1, count + 1):
            router = self._add(f"rt-{number}", self.random.choice(("router", "router", "firewall")), "machine-room",
                               snmp=self.random.random() < 0.8, power=feeds[:1])
            self.connect(core, router)
            for other in range(1, self.random.randint(2, 4)):
                far = self._add(f"wan-{number}-{other}", "server", None)
                self.connect(router, far)

    def _floor(self, floor, cores, size):
        room = f"floor-{floor}"
        self.rooms.append(room)
        feed = []
        if self.random.random() < 0.4:
            feed = [f"ups-f{floor}"]
        top = cores
        if size > 120:
            top = [self._add(f"sw-d{floor}", "switch", room, snmp=True, power=feed)]
            for core in cores:
                self.connect(core, top[0])
        for number in range(1, self.random.randint(1, 3) + 1 + (size > 120) * 2):
            if len(self.devices) >= size:
                break
            access = self._add(f"sw-{floor}-{number}", "switch", room, snmp=True, power=feed, sensors=[("Fan 1", "fan")])
            for above in top:
                self.connect(above, access)
            if feed and feed[0] not in self.devices:
                self._add(feed[0], "ups", room, snmp=True)
                self.connect(access, feed[0])
            self._edge(access, room, floor, number, min(22, max(3, size // 6)))

    def _edge(self, access, room, floor, number, ports):
        count = 0

        def terminal(above):
            nonlocal count
            count += 1
            name = self._add(f"term-{floor}-{number}-{count}", "terminal", room, snmp=self.random.random() < 0.15,
                             calendar=self.random.random() < 0.6)
            self.connect(above, name)

        for port in range(1, self.random.randint(max(3, ports // 2), ports) + 1):
            draw = self.random.random()
            if draw < 0.2:
                hub = self._add(f"hub-{floor}-{number}-{port}", "hub", room, address=False)
                self.connect(access, hub)
                for _ in range(self.random.randint(1 if draw < 0.01 else 2, 7)):
                    terminal(hub)
                if draw < 0.02:
                    below = self._add(f"hub-{floor}-{number}-{port}b", "hub", room, address=False)
                    self.connect(hub, below)
                    for _ in range(self.random.randint(2, 4)):
                        terminal(below)
            elif draw < 0.28:
                self.connect(access, self._add(f"prn-{floor}-{number}-{port}", "printer", room, snmp=True))
            else:
                terminal(access)

    # -- the inventory, and its mistakes

    def leaf_cables(self):
        return [index for index, cable in enumerate(self.cables)
                if len(self.devices[cable.far].cables) == 1 and not self.devices[cable.far].forwards
                and self.devices[cable.far].kind != "monitor"]

    def spoil_inventory(self, share):
        """Records the far ends of this share of the leaf cables behind each other's port."""
        leaves = self.leaf_cables()
        self.random.shuffle(leaves)
        for first, second in zip(*[iter(leaves[:2 * max(1, round(len(self.cables) * share / 2))])] * 2):
            one, two = self.recorded[first], self.recorded[second]
            one.near, two.near = two.near, one.near
            one.near_port, two.near_port = two.near_port, one.near_port

    def _connections(self):
        """What stands in connected_to, by the device at the far end."""
        found = {}
        pairs = collections.Counter((cable.near, cable.far) for cable in self.recorded)
        for cable in self.recorded:
            to = cable.near if cable.near_port is None else f"{cable.near}:{cable.near_port}"
            several = pairs[cable.near, cable.far] > 1
            if cable.far_port and (self.names_far_ports or several or self.devices[cable.far].forwards):
                to = f'{{to: "{to}", port: "{cable.far_port}"}}'
            else:
                to = f'"{to}"'
            found.setdefault(cable.far, []).append(to)
        return found

    def configuration(self):
        out = [HEAD, "rooms:"]
        out += [f"  - {{name: {room}}}" for room in self.rooms]
        out.append("devices:")
        connections = self._connections()
        for device in self.devices.values():
            words = [f"name: {device.name}", f"kind: {device.kind}"]
            if device.address:
                words.append(f"address: {device.address}")
            if device.room and device.kind != "monitor":
                words.append(f"room: {device.room}")
            if device.power:
                words.append(f"power: [{', '.join(device.power)}]")
            if device.snmp:
                words.append("snmp: lan")
            if device.management:
                words.append(f"management: {{address: {device.management}}}")
            if device.calendar:
                words.append("calendar: office")
            if device.services:
                words.append("services: [" + ", ".join(self._service(device, *one) for one in device.services) + "]")
            if device.logs:
                words.append("logs: [{path: app.log, encoding: utf-8, rules: [linux, security]}]")
            if device.name in connections:
                words.append(f"connected_to: [{', '.join(connections[device.name])}]")
            out.append("  - {" + ", ".join(words) + "}")
        out.append(TAIL)
        return "\n".join(out)

    def _service(self, device, name, kind, needs):
        number = [service[0] for service in device.services].index(name)
        look = f"tcp: {1433 + number}" if kind == "tcp" else f'http: "http://{device.address}:8080/health"'
        return f"{{name: {name}, {look}" + (f", depends_on: [{needs}]" if needs else "") + "}"


HEAD = """site: {name: 模擬市役所, language: en, timezone: Asia/Tokyo}
store: "sqlite::memory:"
calendars:
  - {name: office, hours: {mon-fri: "08:30-17:15"}, holidays: jp}
credentials:
  - {name: lan, version: 2c, community_file: community}"""

_ROLES = ("operations_sub_manager", "operations_manager", "deputy_chief", "chief", "mayor", "council", "citizens_section",
          "information_section", "system_staff", "security_team", "prefecture", "organisation", "contractor")
TAIL = "roles:\n" + "\n".join(f"  - {{role: {role}, title: {role}, people: [p{number}]}}"
                              for number, role in enumerate(_ROLES)) + "\npeople:\n" + "\n".join(
    f"  - {{name: p{number}, channels: [{{mail: p{number}@example.lg.jp, answer_within: 5m}}]}}"
    for number in range(len(_ROLES))) + """
channels:
  - {name: mail, type: smtp, server: "smtp://127.0.0.1:2525", from: nethealth@example.lg.jp}
"""
