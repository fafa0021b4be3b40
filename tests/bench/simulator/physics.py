"""How a network behaves: power, carrier, forwarding, kernels, agents, services. Knows no diagnosis; from a State it says
what every probe of the monitor would see."""

import collections
import dataclasses


@dataclasses.dataclass
class State:
    """What is broken. Everything that is not named here works."""
    dark_rooms: set = dataclasses.field(default_factory=set)    # without mains
    feeds_off: set = dataclasses.field(default_factory=set)     # UPSes whose output is dead
    on_battery: set = dataclasses.field(default_factory=set)    # UPSes without input
    dead: set = dataclasses.field(default_factory=set)          # devices whose own supply failed
    hung: set = dataclasses.field(default_factory=set)          # the kernel stands; the link stays up
    soft_hung: set = dataclasses.field(default_factory=set)     # the kernel answers, no program does
    no_agent: set = dataclasses.field(default_factory=set)
    refuses: set = dataclasses.field(default_factory=set)       # the agent refuses our credential
    blocked: set = dataclasses.field(default_factory=set)       # has power and link, forwards nothing
    mute: set = dataclasses.field(default_factory=set)          # forwards, but its own address is silent
    cut: set = dataclasses.field(default_factory=set)           # cables
    standby: set = dataclasses.field(default_factory=set)       # switched off, the card keeps a slow link
    errors: dict = dataclasses.field(default_factory=dict)      # cable: (share of packets lost, since when)
    services: dict = dataclasses.field(default_factory=dict)    # (device, service): "refused" | "timeout" | code
    sensors: dict = dataclasses.field(default_factory=dict)     # (device, sensor): (status, value)
    storms: list = dataclasses.field(default_factory=list)      # (switch, cables in the loop, share lost, since when)


class View:
    """What can be seen from the monitor while this state holds."""

    def __init__(self, network, state):
        self.network, self.state = network, state
        self.powered = {name: self._is_powered(device) for name, device in network.devices.items()}
        self.loss = {}       # reached devices: share of packets lost on the way there
        self.router = {}     # reached devices: the last router before them
        self._spread()

    def _is_powered(self, device):
        state = self.state
        if device.name in state.dead or device.name in state.standby:
            return False
        if device.kind == "ups":
            return device.name not in state.feeds_off
        if device.kind == "monitor":
            return True
        if device.power:
            return any(feed not in state.feeds_off for feed in device.power)
        return device.room is None or device.room not in state.dark_rooms

    def carrier(self, index):
        cable = self.network.cables[index]
        return index not in self.state.cut and all(
            self.powered[end] or end in self.state.standby for end in (cable.near, cable.far))

    def _spread(self):
        devices, state = self.network.devices, self.state
        queue = collections.deque(["mon-1"])
        self.loss["mon-1"], self.router["mon-1"] = 0.0, None
        while queue:
            name = queue.popleft()
            device = devices[name]
            if name != "mon-1" and not (device.forwards and name not in state.blocked and name not in state.hung):
                continue
            router = name if device.kind in ("router", "firewall") else self.router[name]
            for index in device.cables:
                other = self.network.cables[index].other(name)
                if other in self.loss or not self.carrier(index) or not self.powered[other]:
                    continue
                lost = state.errors[index][0] if index in state.errors else 0.0
                self.loss[other] = 1 - (1 - self.loss[name]) * (1 - lost)
                self.router[other] = router
                queue.append(other)
        for switch, _, share, _ in state.storms:
            for name in self.broadcast_domain(switch):
                if name in self.loss:
                    self.loss[name] = 1 - (1 - self.loss[name]) * (1 - share)

    def broadcast_domain(self, start):
        seen, queue = {start}, collections.deque([start])
        while queue:
            name = queue.popleft()
            if self.network.devices[name].kind not in ("switch", "hub"):
                continue
            for index in self.network.devices[name].cables:
                other = self.network.cables[index].other(name)
                if other not in seen and self.carrier(index):
                    seen.add(other)
                    queue.append(other)
        return seen

    # -- what a probe sees: never mind lost packets, those are the poller's

    def answers(self, name):
        return name in self.loss and name not in self.state.hung and name not in self.state.mute and (
            name not in self.state.blocked)

    def management_answers(self, name):
        """The controller hangs on the management network, which is not part of the inventory."""
        device = self.network.devices[name]
        return name not in self.state.dead and (not device.power or any(
            feed not in self.state.feeds_off for feed in device.power)) and (
                bool(device.power) or device.room not in self.state.dark_rooms) and "sw-core" in self.loss

    def unreachable_from(self, name):
        """The address of the router that says "host unreachable", if one does."""
        # A hung kernel answers no ARP either, so that the router says the same of it.
        if not self.network.routers_tell or self.answers(name):
            return None
        cables = self.network.devices[name].cables
        above = self.network.cables[cables[0]].other(name) if cables else None
        if above and self.network.devices[above].kind in ("router", "firewall") and self.answers(above):
            return self.network.devices[above].address
        return None

    def snmp(self, name):
        if not self.answers(name) or name in self.state.soft_hung or name in self.state.no_agent:
            return "timeout"
        return "auth_error" if name in self.state.refuses else "ok"

    def service(self, name, service):
        if not self.answers(name) or name in self.state.soft_hung:
            return "timeout"
        broken = self.state.services.get((name, service))
        needs = {entry[0]: entry[2] for entry in self.network.devices[name].services}[service]
        if broken is None and needs and (name, needs) in self.state.services:
            return 503
        return broken or "ok"

    def ports(self, name):
        """(cable, operational, speed) of every port with a name."""
        for index in self.network.devices[name].cables:
            cable = self.network.cables[index]
            if cable.port(name) is not None:
                yield index, self.carrier(index), 100 if cable.other(name) in self.state.standby else 1000

    def sensor(self, name, sensor):
        return self.state.sensors.get((name, sensor), ("ok", None))

    def is_on_battery(self, name):
        return name in self.state.on_battery or self.network.devices[name].room in self.state.dark_rooms

    def signature(self):
        """Everything that distinguishes this view from a healthy network's, as the monitor could ever learn it."""
        seen = set()
        for name, device in self.network.devices.items():
            if device.address and not self.answers(name):
                seen.add((name, "silent", self.unreachable_from(name)))
            if device.management and not self.management_answers(name):
                seen.add((name, "management silent"))
            for service, _, _ in device.services:
                if (outcome := self.service(name, service)) != "ok":
                    seen.add((name, service, outcome))
            if not device.snmp:
                continue
            if (outcome := self.snmp(name)) != "ok":
                seen.add((name, "snmp", outcome))
                continue
            seen.update((name, "port", index, operational, speed) for index, operational, speed in self.ports(name)
                        if not operational or speed != 1000)
            seen.update((name, sensor) for sensor, _ in device.sensors if self.sensor(name, sensor)[0] != "ok")
            if device.kind == "ups" and self.is_on_battery(name):
                seen.add((name, "battery"))
        if self.network.watches_itself and not self.carrier(0):
            seen.add(("mon-1", "carrier"))
        return frozenset(seen)
