"""Compares what `nethealth replay` decided with what was broken."""

import dataclasses
import datetime

LATE_INCIDENT_SECONDS = 90.0     # an incident that opens this long after the mending is nobody's
RESTORED_SECONDS = 90.0


@dataclasses.dataclass
class Incident:
    number: int
    opened: float
    diagnosis: dict
    severity: str
    procedure: str = "failure"
    first: dict = None
    history: list = dataclasses.field(default_factory=list)    # (seconds, diagnosis, severity)
    paged: float | None = None
    pages: int = 0
    restored: float | None = None
    merged: bool = False

    def at(self, seconds):
        """Diagnosis and severity as they stood then."""
        found = self.history[0][1:]
        for moment, diagnosis, severity in self.history:
            if moment <= seconds:
                found = (diagnosis, severity)
        return found


@dataclasses.dataclass
class Result:
    """One fault, or one incident that belongs to none."""
    seed: int
    kind: str
    incidents: int = 0
    category: bool = False
    place: bool = False
    shown: bool = False          # the category is the first one's or an alternative's
    told: bool = False           # every place that cannot be told apart is named
    component: bool = True
    severity: bool = True
    cause: bool = False
    restored: bool = True
    seconds: float | None = None
    allowed: float = 0.0
    pages: int = 0
    note: str = ""

    @property
    def in_time(self):
        return self.seconds is not None and self.seconds <= self.allowed

    @property
    def right(self):
        return self.incidents == 1 and self.category and self.place and self.told


def place_of(location):
    device, peer, room = location.get("device"), location.get("peer"), location.get("room")
    if device and peer:
        return "|".join(sorted((device, peer)))
    return device or (f"room:{room}" if room else "nowhere")


def read_incidents(events, base):
    start = datetime.datetime.fromisoformat(base)
    found = {}
    for event in events:
        seconds = (datetime.datetime.fromisoformat(event["time"]) - start).total_seconds()
        incident = found.get(event.get("incident"))
        kind = event["type"]
        if kind == "incident.opened":
            incident = Incident(event["incident"], seconds, event.get("diagnosis", {}), event.get("severity"),
                                event.get("procedure"))
            incident.first = incident.diagnosis
            incident.history.append((seconds, incident.diagnosis, incident.severity))
            found[incident.number] = incident
        elif not incident:
            continue
        elif kind == "incident.updated":
            incident.diagnosis = event.get("diagnosis", incident.diagnosis)
            incident.severity = event.get("severity", incident.severity)
            incident.history.append((seconds, incident.diagnosis, incident.severity))
            if event.get("state") == "open":
                incident.restored = None
        elif kind == "incident.merged":
            incident.merged = True
        elif kind == "incident.restored":
            incident.restored = seconds
        elif kind == "notification.queued" and event.get("kind") == "page":
            incident.pages += 1
            incident.paged = incident.paged or seconds
    return list(found.values())


def _touches(incident, fault):
    """How well the incident fits the fault: 2 by its place, 1 by what it touches, 0 not at all."""
    if not fault.start <= incident.opened <= fault.end + LATE_INCIDENT_SECONDS:
        return 0
    right = {place for _, place in fault.truth.twins + fault.truth.also}
    best = 0
    for _, diagnosis, _ in incident.history:
        place = place_of(diagnosis.get("location", {}))
        if place in right:
            return 2
        named = set(place.removeprefix("room:").split("|")) | set(diagnosis.get("affected", []))
        if named & fault.truth.scope:
            best = 1
    return best


def _score(result, incident, fault):
    truth = fault.truth
    diagnosis, severity = incident.at(fault.end)
    shown = [diagnosis] + diagnosis.get("alternatives", [])
    places = [(entry.get("category"), place_of(entry.get("location", {}))) for entry in shown]
    accepted = truth.twins + truth.also
    categories = {category for category, _ in accepted}
    result.category = places[0][0] in categories
    if places[0][0] == "undetermined" and len(categories) > 1:
        # The contract's word for a doubt between categories; the first place then stands for each of them.
        result.category = True
        places += [(category, places[0][1]) for category in categories]
    result.shown = bool({category for category, _ in places} & {category for category, _ in accepted})
    result.place = places[0][1] in {place for _, place in accepted}
    result.told = all(twin in places for twin in truth.twins) if len(truth.twins) > 1 else True
    result.cause = diagnosis.get("cause") == truth.cause or len(accepted) > 1
    component = diagnosis.get("location", {}).get("component")
    result.component = truth.component is None or component == truth.component
    result.severity = truth.severity is None or severity == truth.severity
    result.seconds = None if incident.paged is None else incident.paged - fault.start
    result.restored = bool(fault.lines) or (
        incident.restored is not None and incident.restored <= fault.end + RESTORED_SECONDS)
    result.note = (f"said {'/'.join((places[0][0] or '-', diagnosis.get('cause') or '-'))} at {places[0][1]}"
                   + (f"[{component}]" if component else "") + f" {diagnosis.get('confidence')}"
                   + (f", or {', '.join('/'.join(map(str, other)) for other in places[1:4])}" if places[1:] else ""))


def score(seed, faults, incidents):
    """(a Result for each fault, a Result for each incident that no fault explains)"""
    incidents = [incident for incident in incidents if incident.procedure == "failure"]
    owned = {id(fault): [] for fault in faults}
    strays = []
    for incident in incidents:
        fits = sorted(((_touches(incident, fault), -abs(incident.opened - fault.start), number)
                       for number, fault in enumerate(faults)), reverse=True)
        if fits and fits[0][0]:
            owned[id(faults[fits[0][2]])].append((fits[0][0], incident))
        else:
            strays.append(incident)
    results = []
    for fault in faults:
        result = Result(seed, fault.kind, allowed=fault.seconds_to_page)
        mine = sorted(owned[id(fault)], key=lambda pair: (-pair[0], pair[1].merged, pair[1].opened))
        result.incidents = len(mine)
        result.pages = sum(incident.pages for _, incident in mine)
        if mine:
            _score(result, mine[0][1], fault)
            if len(mine) > 1:
                result.note += "; also " + ", ".join(
                    f"#{incident.number} {incident.diagnosis.get('cause')} at "
                    f"{place_of(incident.diagnosis.get('location', {}))}" for _, incident in mine[1:4])
        else:
            result.restored = False
            result.note = "no incident"
        truth = fault.truth
        result.note = f"{'|'.join(sorted(f'{a} {b}' for a, b in truth.twins))}: {result.note}"
        results.append(result)
    false = [Result(seed, "false", 1, note=f"{incident.diagnosis.get('cause')} at "
                    f"{place_of(incident.diagnosis.get('location', {}))} after {incident.opened:.0f} s")
             for incident in strays]
    return results, false
