"""What can break, what is then true, and which other single faults look exactly the same from the monitor."""

import dataclasses

from physics import State, View


@dataclasses.dataclass
class Truth:
    """`places` as in `place_of`; every place in `twins` must be told, one of `also` may come first as well."""
    category: str
    cause: str
    place: str
    component: str | None = None
    severity: str | None = None
    twins: list = dataclasses.field(default_factory=list)    # [(category, place)]
    also: list = dataclasses.field(default_factory=list)
    scope: set = dataclasses.field(default_factory=set)      # devices that it touches
    silent: int = 0                                          # polled devices that fall silent
    signature: frozenset = frozenset()


@dataclasses.dataclass
class Fault:
    kind: str
    change: object                      # State -> None
    truth: Truth
    lines: list = dataclasses.field(default_factory=list)    # (device, file, line) written when it begins
    traps: list = dataclasses.field(default_factory=list)
    flapping: bool = False
    start: float = 0.0
    end: float = 0.0

    @property
    def seconds_to_page(self):
        """What the issue allows in replay: silent together, silent alone, only SNMP or TCP (and their time limit)."""
        return 12.0 if self.truth.silent > 1 else 22.0 if self.truth.silent == 1 else 64.0


def _category(device, software=False):
    if device.forwards:
        return "network"
    return "software" if software else "hardware"


def _room(name):
    return f"room:{name}"


class Breaker:
    """Draws faults for one network."""

    def __init__(self, network, random):
        self.network, self.random = network, random
        self.healthy = View(network, State())

    def _pick(self, wanted):
        found = [device for device in self.network.devices.values() if wanted(device)]
        return self.random.choice(found) if found else None

    def _on(self, wanted, kind, category, cause, attribute, component=None, severity="stopped"):
        device = self._pick(wanted)
        if not device:
            return None
        return Fault(kind, lambda state: getattr(state, attribute).add(device.name),
                     Truth(category or _category(device), cause, device.name, component, severity))

    # -- one function a kind

    def server_dead(self):
        return self._on(lambda d: d.kind in ("server", "cs_server") and d.address, "server_dead", "hardware",
                        "device_power", "dead")

    def server_hang(self):
        return self._on(lambda d: d.kind in ("server", "cs_server"), "server_hang", "software", "device_hang", "hung")

    def server_soft_hang(self):
        return self._on(lambda d: d.kind in ("server", "cs_server") and d.snmp and d.services, "server_soft_hang",
                        "software", "device_hang", "soft_hung")

    def terminal_dead(self):
        return self._on(lambda d: d.kind in ("terminal", "printer"), "terminal_dead", "hardware", "device_power", "dead")

    def terminal_hang(self):
        return self._on(lambda d: d.kind in ("terminal", "printer"), "terminal_hang", "software", "device_hang", "hung")

    def agent_dead(self):
        device = self._pick(lambda d: d.snmp and d.kind not in ("ups", "sensor"))
        return device and Fault("agent_dead", lambda state: state.no_agent.add(device.name),
                                Truth(_category(device, True), "agent", device.name, None, "at_risk"))

    def agent_refuses(self):
        device = self._pick(lambda d: d.snmp)
        return device and Fault("agent_refuses", lambda state: state.refuses.add(device.name),
                                Truth(_category(device, True), "configuration", device.name, None, "at_risk"))

    def _service(self, kind, outcome, wanted):
        device = self._pick(lambda d: any(service[1] in wanted for service in d.services))
        if not device:
            return None
        service = self.random.choice([entry for entry in device.services if entry[1] in wanted])[0]

        def change(state):
            state.services[device.name, service] = outcome
        return Fault(kind, change, Truth("software", "service", device.name, service, "stopped"))

    def service_refused(self):
        return self._service("service_refused", "refused", ("tcp", "http"))

    def service_timeout(self):
        return self._service("service_timeout", "timeout", ("tcp", "http"))

    def service_http_error(self):
        return self._service("service_http_error", 500, ("http",))

    def _cable(self, kind, wanted):
        found = [index for index, cable in enumerate(self.network.cables) if index > 0 and wanted(cable)]
        if not found:
            return None
        index = self.random.choice(found)
        cable = self.network.cables[index]
        return Fault(kind, lambda state: state.cut.add(index), Truth("network", "link", cable.place, None, "stopped"))

    def _feeds_many(self, cable):
        return self.network.devices[cable.far].forwards

    def cable_cut(self):
        return self._cable("cable_cut", lambda cable: not self._feeds_many(cable))

    def trunk_cut(self):
        return self._cable("trunk_cut", self._feeds_many)

    def cable_flaps(self):
        fault = self._cable("cable_flaps", self._feeds_many)
        if fault:
            fault.flapping = True
        return fault

    def cable_errors(self):
        network = self.network
        found = [index for index, cable in enumerate(network.cables) if index > 0 and any(
            network.devices[end].snmp and cable.port(end) for end in (cable.near, cable.far))]
        index, lost = self.random.choice(found), self.random.uniform(0.02, 0.15)
        cable = network.cables[index]
        return Fault("cable_errors", lambda state: state.errors.update({index: (lost, None)}),
                     Truth("network", "link", cable.place, None, "at_risk", scope={cable.near, cable.far}))

    def switch_dead(self):
        return self._on(lambda d: d.kind == "switch", "switch_dead", "network", "switch", "dead")

    def switch_hung(self):
        return self._on(lambda d: d.kind == "switch", "switch_hung", "network", "switch", "blocked")

    def switch_mute(self):
        fault = self._on(lambda d: d.kind == "switch", "switch_mute", "network", "switch", "mute")
        fault.truth.severity = None
        return fault

    def hub_dead(self):
        return self._on(lambda d: d.kind == "hub", "hub_dead", "network", "hub", "dead")

    def hub_hung(self):
        return self._on(lambda d: d.kind == "hub", "hub_hung", "network", "hub", "blocked")

    def router_dead(self):
        return self._on(lambda d: d.kind in ("router", "firewall"), "router_dead", "network", "router", "dead")

    def ups_battery(self):
        return self._on(lambda d: d.kind == "ups", "ups_battery", "hardware", "power_feed", "on_battery", None, "at_risk")

    def ups_off(self):
        return self._on(lambda d: d.kind == "ups", "ups_off", "hardware", "power_feed", "feeds_off")

    def room_power(self):
        rooms = [room for room in self.network.rooms[1:]]
        if not rooms:
            return None
        room = self.random.choice(rooms)
        return Fault("room_power", lambda state: state.dark_rooms.add(room),
                     Truth("hardware", "power_feed", _room(room), None, "stopped"))

    def _sensor(self, kind, wanted, on, status, value, cause, place):
        found = [(device, sensor) for device in self.network.devices.values() if device.snmp and on(device)
                 for sensor, sensor_class in device.sensors if sensor_class in wanted]
        if not found:
            return None
        device, sensor = self.random.choice(found)

        def change(state):
            state.sensors[device.name, sensor] = (status, value)
        return Fault(kind, change, Truth(_category(device), cause, place(device), sensor, "at_risk", scope={device.name}))

    def sensor_failed(self):
        return self._sensor("sensor_failed", ("fan", "power", "disk", "memory"), lambda d: d.kind != "sensor",
                            self.random.choice(("failed", "warning", "failed")), 0, "device_hardware", lambda d: d.name)

    def room_environment(self):
        return self._sensor("room_environment", ("temperature", "water", "smoke"), lambda d: d.kind == "sensor",
                            "warning", 41, "environment", lambda d: _room(d.room))

    def monitor_uplink(self):
        return Fault("monitor_uplink", lambda state: state.cut.add(0),
                     Truth("network", "monitor_uplink", self.network.cables[0].place, None, "stopped"))

    def loop(self):
        """Two ports of an edge switch joined by a stray cable: broadcasts go round, and everything in the domain suffers."""
        device = self._pick(lambda d: d.kind == "switch" and d.snmp and len(d.cables) > 3)
        if not device:
            return None
        first, second = self.random.sample(device.cables[1:], 2)
        share = self.random.uniform(0.3, 0.6)
        ports = [self.network.cables[index].port(device.name) for index in (first, second)]
        line = self.random.choice((
            f"%SW_MATM-4-MACFLAP_NOTIF: Host 0011.2233.4455 in vlan 1 is flapping between port {ports[0]} and port {ports[1]}",
            f"Loop detected on port {ports[0]}", f"ループを検出しました。ポート {ports[0]}"))
        return Fault("loop", lambda state: state.storms.append((device.name, (first, second), share, None)),
                     Truth("network", "loop", device.name, None, None), lines=[(device.name, "syslog", line)])

    def disk_log(self):
        device = self._pick(lambda d: d.logs)
        line = self.random.choice((
            "kernel: blk_update_request: I/O error, dev sda, sector 123456 op 0x0:(READ) flags 0x0 phys_seg 1 prio class 0",
            "smartd[812]: Device: /dev/sda [SAT], FAILED SMART self-check. BACK UP DATA NOW!",
            "kernel: EDAC MC0: 1 UE memory read error on CPU_SrcID#0_Ha#0_Chan#0_DIMM#0"))
        return device and Fault("disk_log", lambda state: None,
                                Truth("hardware", "device_hardware", device.name, None, "at_risk"),
                                lines=[(device.name, "app.log", line)])

    def memory_log(self):
        device = self._pick(lambda d: d.logs)
        return device and Fault("memory_log", lambda state: None, Truth("software", "service", device.name),
                                lines=[(device.name, "app.log",
                                        "kernel: Out of memory: Killed process 4242 (java) total-vm:8388608kB")])

    # -- drawing, and the twins

    def draw(self, kind):
        """A fault of this kind that shows, or None where the network has no place for it."""
        for _ in range(8):
            fault = getattr(self, kind)()
            if not fault:
                return None
            view = View(self.network, self.state_with([fault]))
            truth = fault.truth
            truth.signature = view.signature()
            if not truth.signature and not fault.lines and not truth.scope and not fault.flapping:
                continue
            polled = [name for name, device in self.network.devices.items() if device.address]
            silent = [name for name in polled if not view.answers(name)]
            truth.silent = len(silent)
            truth.scope |= {entry[0] for entry in truth.signature} | set(truth.place.removeprefix("room:").split("|"))
            if truth.severity == "stopped" and kind in ("cable_cut", "trunk_cut", "cable_flaps") and not silent:
                truth.severity = "at_risk"     # a redundant cable: nobody notices
            if kind == "loop":
                truth.scope |= view.broadcast_domain(truth.place)
            self._find_twins(fault, silent)
            return fault
        return None

    @staticmethod
    def state_with(faults):
        state = State()
        for fault in faults:
            fault.change(state)
        return state

    def _find_twins(self, fault, silent):
        truth = fault.truth
        truth.twins = [(truth.category, truth.place)]
        if fault.kind in ("loop", "cable_errors", "monitor_uplink") or not truth.signature:
            return
        for category, place, change in self._rivals(truth, silent):
            if (category, place) in truth.twins + truth.also:
                continue
            state = State()
            change(state)
            if View(self.network, state).signature() == truth.signature:
                by_room = place.startswith("room:") or place.startswith("ups-")
                (truth.also if by_room and place != truth.place else truth.twins).append((category, place))

    def _rivals(self, truth, silent):
        """Single faults that could be it: whatever stands on the way to one symptom, as its way is the same for all."""
        network = self.network
        anchor = silent[0] if silent else None
        names, cables = set(), set()
        walk = anchor or next((name for name in sorted(truth.scope) if name in network.devices), None)
        while walk and walk != "mon-1":
            names.add(walk)
            cables.update(network.devices[walk].cables[:1])
            above = [network.cables[index].other(walk) for index in network.devices[walk].cables[:1]]
            walk = above[0] if above and above[0] not in names else None
        if not silent:
            for name in sorted(truth.scope & network.devices.keys()):
                cables.update(network.devices[name].cables if len(network.devices[name].cables) < 4 else [])
                names.add(name)
            for entry in truth.signature:
                if entry[1] == "port":
                    cables.add(entry[2])
                    names.update((network.cables[entry[2]].near, network.cables[entry[2]].far))
        for name in sorted(names):
            device = network.devices[name]
            yield _category(device), name, lambda state, name=name: state.dead.add(name)
            yield _category(device, True), name, lambda state, name=name: state.hung.add(name)
            if device.forwards:
                yield "network", name, lambda state, name=name: state.blocked.add(name)
                yield "network", name, lambda state, name=name: state.mute.add(name)
            if device.room:
                yield "hardware", _room(device.room), lambda state, room=device.room: state.dark_rooms.add(room)
            for feed in device.power:
                yield "hardware", feed, lambda state, feed=feed: state.feeds_off.add(feed)
        for index in sorted(cables):
            yield "network", network.cables[index].place, lambda state, index=index: state.cut.add(index)


KINDS = ("server_dead", "server_hang", "server_soft_hang", "terminal_dead", "terminal_hang", "agent_dead", "agent_refuses",
         "service_refused", "service_timeout", "service_http_error", "cable_cut", "trunk_cut", "cable_flaps", "cable_errors",
         "switch_dead", "switch_hung", "switch_mute", "hub_dead", "hub_hung", "router_dead", "ups_battery", "ups_off",
         "room_power", "sensor_failed", "room_environment", "monitor_uplink", "loop", "disk_log", "memory_log")
EVERYWHERE = ("monitor_uplink", "loop")      # nothing else shows beside them
