"""The monitor's looks at the shipped intervals, with lost packets in bursts, late and missing rounds, and ordinary log
lines; written as the observations that `nethealth replay` reads."""

import datetime
import json

from physics import State, View

ICMP_SECONDS, SLOW_SECONDS = 10.0, 30.0
BURST_STAYS = 0.3           # a packet that follows a lost one at once is lost at least so often
LATE, MISSING = 0.01, 0.002
ORDINARY_LINES = (
    "systemd[1]: Started Daily apt download activities.", "systemd[1]: Reached target Timers.",
    "CRON[4242]: (root) CMD (run-parts /etc/cron.hourly)", "app: 定時バッチ処理が正常に終了しました",
    "sshd[812]: Accepted publickey for ops from 192.0.2.5 port 51514 ssh2")


class Poller:
    def __init__(self, network, faults, random, loss, base, seconds):
        self.network, self.faults, self.random, self.loss = network, faults, random, loss
        self.base, self.seconds = datetime.datetime.fromisoformat(base), seconds
        self.lines = []       # (seconds, sequence, text)
        self.off = {}         # terminals switched off for the day: name: second
        self.booted = {name: -864000.0 for name in network.devices}
        self._segments = self._divide()

    # -- what holds when

    def _broken(self, fault, time):
        if not fault.start <= time < fault.end:
            return False
        return not fault.flapping or int((time - fault.start) / 25) % 2 == 0

    def _divide(self):
        moments = {0.0}
        for fault in self.faults:
            moments.update((fault.start, fault.end))
            if fault.flapping:
                moments.update(fault.start + 25 * step for step in range(int((fault.end - fault.start) / 25) + 1))
        moments.update(self.off.values())
        segments = []
        before = None
        for moment in sorted(moments):
            state = State()
            for fault in self.faults:
                if self._broken(fault, moment):
                    fault.change(state)
            state.standby.update(name for name, when in self.off.items() if when <= moment)
            view = View(self.network, state)
            if before:
                for name in self.network.devices:
                    if view.powered[name] and name not in state.hung and (
                            not before.powered[name] or name in before.state.hung):
                        self.booted.setdefault((name, moment), moment)
            segments.append((moment, view))
            before = view
        return segments

    def switch_off(self, name, second):
        self.off[name] = second

    def settle(self):
        """After switch_off: computes the views anew."""
        self._segments = self._divide()

    def _view(self, time):
        found = self._segments[0][1]
        for moment, view in self._segments:
            if moment > time:
                break
            found = view
        return found

    def _uptime(self, name, time):
        boot = self.booted[name]
        for moment, _ in self._segments:
            if moment <= time and (name, moment) in self.booted:
                boot = moment
        return int(time - boot)

    # -- losing packets

    def _received(self, count, share):
        if share <= 0:
            return count
        stays, lost, received = max(BURST_STAYS, share), False, 0
        enter = share * (1 - stays) / (1 - share) if share < stays else share
        for _ in range(count):
            lost = self.random.random() < (stays if lost else enter if share < stays else share)
            received += not lost
        return received

    def _share(self, view, name):
        path = view.loss.get(name, 0.0)
        return 1 - (1 - path) * (1 - self.loss)

    # -- writing

    def _stamp(self, seconds):
        moment = self.base + datetime.timedelta(milliseconds=round(seconds * 1000))
        return moment.isoformat(timespec="milliseconds")

    def _say(self, seconds, device, probe, more):
        if seconds < self.seconds:
            self.lines.append((seconds, len(self.lines),
                               f'{{"time":"{self._stamp(seconds)}","device":"{device}","probe":"{probe}"{more}}}'))

    def run(self):
        for name, device in self.network.devices.items():
            if device.address:
                self._each(ICMP_SECONDS, lambda time, name=name: self._icmp(name, time))
            if device.management:
                self._each(ICMP_SECONDS, lambda time, name=name: self._management(name, time))
            if device.snmp:
                self._each(SLOW_SECONDS, lambda time, device=device: self._snmp(device, time))
            for service, kind, _ in device.services:
                self._each(SLOW_SECONDS, lambda time, name=name, service=service, kind=kind: self._service(
                    name, service, kind, time))
            if device.logs:
                self._ordinary(name)
        if self.network.watches_itself:
            self._each(ICMP_SECONDS, self._monitor)
        for fault in self.faults:
            for device, file, line in fault.lines:
                for repeat in range(3):
                    self._log(device, file, line, fault.start + 0.5 + 40 * repeat)
        self.lines.sort()
        return [text for _, _, text in self.lines]

    def _each(self, interval, look):
        time = self.random.uniform(0, interval)
        while time < self.seconds:
            draw = self.random.random()
            if draw >= MISSING:
                look(time + (self.random.uniform(0, 4) if draw < MISSING + LATE else 0.0))
            time += interval

    def _icmp(self, name, time):
        view = self._view(time)
        if not view.answers(name):
            told = view.unreachable_from(name)
            error = f',"error":{{"type":"host_unreachable","from":"{told}"}}' if told else ""
            return self._say(time + 1, name, "icmp", f',"sent":3,"received":0{error}')
        received = self._received(3, self._share(view, name))
        rtt = f',"rtt_ms":{self.random.uniform(0.1, 0.9):.2f}' if received else ""
        return self._say(time if received == 3 else time + 1, name, "icmp", f',"sent":3,"received":{received}{rtt}')

    def _management(self, name, time):
        answers = self._view(time).management_answers(name) and self._received(3, self.loss)
        self._say(time if answers else time + 1, name, "icmp", f',"management":true,"sent":3,"received":{answers or 0}')

    def _snmp(self, device, time):
        view = self._view(time)
        status = view.snmp(device.name)
        if status == "ok" and not self._received(2, self._share(view, device.name)):
            status = "timeout"
        if status != "ok":
            return self._say(time + (4 if status == "timeout" else 0), device.name, "snmp", f',"status":"{status}"')
        more = f',"status":"ok","uptime_s":{self._uptime(device.name, time)}'
        rows = [self._row(view, device.name, index, operational, speed, time)
                for index, operational, speed in view.ports(device.name)]
        if rows:
            more += ',"interfaces":[' + ",".join(rows) + "]"
        sensors = []
        for sensor, sensor_class in device.sensors:
            sensor_status, value = view.sensor(device.name, sensor)
            sensors.append({"name": sensor, "class": sensor_class, "status": sensor_status} | (
                {"value": value} if value is not None else {}))
        if device.kind == "ups":
            battery = view.is_on_battery(device.name)
            sensors.append({"name": "Output source", "class": "power", "status": "warning" if battery else "ok",
                            "value": "battery" if battery else "normal"})
        if sensors:
            more += ',"sensors":' + json.dumps(sensors, separators=(",", ":"))
        return self._say(time, device.name, "snmp", more)

    def _row(self, view, name, index, operational, speed, time):
        cable = self.network.cables[index]
        return (f'{{"name":"{cable.port(name)}","admin":"up","oper":"{"up" if operational else "down"}",'
                f'"in_errors":{self._errors(index, name, time)},"out_errors":0,"speed_mbps":{speed}}}')

    def _errors(self, index, name, time):
        """Damaged frames are counted by the end that receives them; a storm overruns the looped ports."""
        total = 0.0
        for fault in self.faults:
            if fault.kind not in ("cable_errors", "loop") or time <= fault.start:
                continue
            state = State()
            fault.change(state)
            while_it_lasted = min(time, fault.end) - fault.start
            if index in state.errors:
                total += while_it_lasted * 100 * state.errors[index][0]
            for switch, ports, _, _ in state.storms:
                if name == switch and index in ports:
                    total += while_it_lasted * 50
        return int(total)

    def _service(self, name, service, kind, time):
        view = self._view(time)
        outcome = view.service(name, service)
        if outcome == "ok" and not self._received(3, self._share(view, name)):
            outcome = "timeout"
        if outcome == "timeout":
            return self._say(time + (3 if kind == "tcp" else 5), name, kind, f',"service":"{service}","status":"timeout"')
        if outcome == "refused" or (kind == "tcp" and outcome != "ok"):
            status = "refused" if outcome == "refused" else "ok"
            return self._say(time, name, kind, f',"service":"{service}","status":"{status}"')
        code = f',"code":{outcome if outcome != "ok" else 200},"duration_ms":12' if kind == "http" else ""
        return self._say(time, name, kind, f',"service":"{service}","status":"ok"{code}')

    def _monitor(self, time):
        view = self._view(time)
        up = view.carrier(0)
        gateway = up and "sw-core" in view.loss
        self._say(time, "mon-1", "monitor", f',"carrier":"{"up" if up else "down"}","gateway":"{"ok" if gateway else "timeout"}"')

    def _log(self, name, file, line, time):
        view = self._view(time)
        if name in view.loss:
            self._say(time, name, "log", f',"file":"{file}","rules":["linux","network","security","hardware"],"line":'
                      + json.dumps(line, ensure_ascii=False))

    def _ordinary(self, name):
        time = self.random.expovariate(1 / 60)
        while time < self.seconds:
            self._log(name, "app.log", self.random.choice(ORDINARY_LINES), time)
            time += self.random.expovariate(1 / 60)
