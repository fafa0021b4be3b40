"""Recorded SNMP agents: reads dumps (snmprec, net-snmp walks) and answers for them over real UDP, versions 1 and 2c.

One thread answers for all; each agent has a loopback address of its own. Only what a poller asks: GET, GETNEXT,
GETBULK. BER by X.690, message forms by RFC 1157 and RFC 3416."""

import bisect
import re
import select
import socket
import threading

INTEGER, OCTETS, NULL, OID, SEQUENCE = 0x02, 0x04, 0x05, 0x06, 0x30
ADDRESS, COUNTER32, GAUGE32, TICKS, OPAQUE, COUNTER64 = 0x40, 0x41, 0x42, 0x43, 0x44, 0x46
NO_SUCH_OBJECT, END_OF_VIEW = b"\x80\x00", b"\x82\x00"
GET, GET_NEXT, RESPONSE, GET_BULK = 0xA0, 0xA1, 0xA2, 0xA5
NO_SUCH_NAME = 2
ANSWER_LIMIT_BYTES = 1400
REQUEST_LIMIT_BYTES = 65_535


def tlv(tag, body):
    size = len(body)
    if size < 128:
        return bytes((tag, size)) + body
    length = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes((tag, 0x80 | len(length))) + length + body


def integer(number, tag=INTEGER):
    size = max(1, (number.bit_length() + 8) // 8)
    return tlv(tag, number.to_bytes(size, "big", signed=True))


def oid_body(oid):
    body = bytearray()
    for number in (oid[0] * 40 + oid[1], *oid[2:]):
        part = [number & 0x7F]
        while number := number >> 7:
            part.append(0x80 | number & 0x7F)
        body += bytes(reversed(part))
    return bytes(body)


def oid_of(text):
    return tuple(int(part) for part in text.strip().strip(".").split("."))


def encode_oid(text):
    oid = oid_of(text)
    return tlv(OID, oid_body(oid if len(oid) > 1 else (*oid, 0)))


def simulated(value):
    """The value that a variation module of snmpsim starts with."""
    settings = dict(part.split("=", 1) for part in value.split(",") if "=" in part)
    return settings.get("initial", settings.get("value", "0"))


def recorded_value(tag, value):
    """The BER of one snmprec value, or None for a kind this does not know."""
    tag, _, variation = tag.partition(":")
    if variation:
        value = simulated(value)
    hexadecimal = tag.endswith("x")
    kind = int(tag.rstrip("x") or 0)
    raw = bytes.fromhex(value) if hexadecimal else value.encode("utf-8", "surrogateescape")
    if kind == INTEGER:
        return integer(int(float(value or 0)))
    if kind in (COUNTER32, GAUGE32, TICKS, COUNTER64):
        return integer(int(float(value or 0)), kind)
    if kind in (OCTETS, OPAQUE):
        return tlv(kind, raw)
    if kind == NULL:
        return b"\x05\x00"
    if kind == OID:
        return encode_oid(value)
    if kind == ADDRESS:
        return tlv(ADDRESS, raw if hexadecimal else bytes(int(part) for part in value.split(".")))
    return None


def read_snmprec(text):
    for line in text.split("\n"):
        oid, _, rest = line.rstrip("\r").partition("|")
        tag, bar, value = rest.partition("|")
        if not bar or not OBJECT.fullmatch(oid):
            continue  # a remark, or a name with its places blacked out
        try:
            encoded = recorded_value(tag, value)
        except ValueError:
            continue
        if encoded is not None:
            yield oid_of(oid), encoded


OBJECT = re.compile(r"1(?:\.\d+)+")
WALKED = re.compile(r"^\.?(1(?:\.\d+)+)\s*=\s*(.*)$")
WORD_KINDS = {"INTEGER": INTEGER, "Integer32": INTEGER, "Gauge32": GAUGE32, "Unsigned32": GAUGE32, "Counter32": COUNTER32,
              "Counter64": COUNTER64}


def walked_value(text):
    kind, colon, rest = text.partition(":")
    rest = rest.strip()
    if not colon or kind.startswith('"'):
        bare = text.strip()
        if re.fullmatch(r"-?\d+", bare):
            return integer(int(bare))
        return tlv(OCTETS, bare.strip('"').encode())
    if kind in WORD_KINDS:
        number = re.search(r"-?\d+(?=\)?$|\s|$)", rest) or re.search(r"-?\d+", rest)
        return integer(int(number.group()), WORD_KINDS[kind]) if number else None
    if kind == "Timeticks":
        return integer(int(re.search(r"\d+", rest).group()), TICKS)
    if kind == "OID":
        return encode_oid(rest)
    if kind == "IpAddress":
        return tlv(ADDRESS, bytes(int(part) for part in rest.split(".")))
    if kind in ("Hex-STRING", "BITS"):
        return tlv(OCTETS, bytes.fromhex("".join(re.findall(r"\b[0-9A-Fa-f]{2}\b", rest))))
    if kind == "STRING":
        return tlv(OCTETS, rest.strip('"').encode())
    return None


def read_walk(text):
    pending = None
    for line in [*text.splitlines(), ".1.0 = "]:
        found = WALKED.match(line)
        if not found:
            if pending:
                pending = (pending[0], pending[1] + "\n" + line)
            continue
        if pending and not pending[1].startswith("No "):
            value = walked_value(pending[1])
            if value is not None:
                yield pending[0], value
        pending = (oid_of(found.group(1)), found.group(2))


def read_dump(path):
    text = path.read_text(encoding="utf-8", errors="surrogateescape")
    return dict(read_snmprec(text) if path.suffix == ".snmprec" else read_walk(text))


class Agent:
    """One device's objects, in the order of the tree."""

    def __init__(self, objects):
        self.oids = sorted(objects)
        self.bindings = [tlv(SEQUENCE, tlv(OID, oid_body(oid)) + objects[oid]) for oid in self.oids]

    def exact(self, oid):
        at = bisect.bisect_left(self.oids, oid)
        return at if at < len(self.oids) and self.oids[at] == oid else None

    def after(self, oid):
        at = bisect.bisect_right(self.oids, oid)
        return at if at < len(self.oids) else None


class Reader:
    def __init__(self, data):
        self.data, self.at = data, 0

    def take(self):
        tag, size = self.data[self.at], self.data[self.at + 1]
        self.at += 2
        if size & 0x80:
            count = size & 0x7F
            size = int.from_bytes(self.data[self.at:self.at + count], "big")
            self.at += count
        body = self.data[self.at:self.at + size]
        self.at += size
        return tag, body

    def number(self):
        return int.from_bytes(self.take()[1], "big", signed=True)


def decode_oid(body):
    numbers, value = [], 0
    for byte in body:
        value = value << 7 | byte & 0x7F
        if not byte & 0x80:
            numbers.append(value)
            value = 0
    first = min(numbers[0] // 40, 2)
    return (first, numbers[0] - 40 * first, *numbers[1:])


def missing(oid, mark):
    return tlv(SEQUENCE, tlv(OID, oid_body(oid)) + mark)


def bulk(agent, oids, non_repeaters, repetitions):
    room = ANSWER_LIMIT_BYTES
    result = []
    last = list(oids)
    for round_number in range(max(1, repetitions)):
        for column, oid in enumerate(last):
            if column < non_repeaters and round_number > 0:
                continue
            at = agent.after(oid) if oid is not None else None
            binding = missing(oids[column], END_OF_VIEW) if at is None else agent.bindings[at]
            room -= len(binding)
            if room < 0 and result:
                return result
            result.append(binding)
            last[column] = agent.oids[at] if at is not None else None
        if all(oid is None for oid in last):
            break
    return result


def answer(agent, request):
    _, body = Reader(request).take()
    message = Reader(body)
    version, community = message.number(), message.take()[1]
    verb, body = message.take()
    pdu = Reader(body)
    request_id, first, second = pdu.number(), pdu.number(), pdu.number()
    names = Reader(pdu.take()[1])
    oids = []
    while names.at < len(names.data):
        oids.append(decode_oid(Reader(Reader(names.take()[1]).take()[1]).data))
    status = index = 0
    if verb == GET_BULK:
        bindings = bulk(agent, oids, first, second)
    elif verb in (GET, GET_NEXT):
        found = [agent.exact(oid) if verb == GET else agent.after(oid) for oid in oids]
        mark = NO_SUCH_OBJECT if verb == GET else END_OF_VIEW
        if version == 0 and None in found:
            status, index = NO_SUCH_NAME, found.index(None) + 1
            bindings = [missing(oid, b"\x05\x00") for oid in oids]
        else:
            bindings = [missing(oid, mark) if at is None else agent.bindings[at] for oid, at in zip(oids, found)]
    else:
        return None
    pdu = tlv(RESPONSE, integer(request_id) + integer(status) + integer(index) + tlv(SEQUENCE, b"".join(bindings)))
    return tlv(SEQUENCE, integer(version) + tlv(OCTETS, community) + pdu)


class Responder:
    """Answers for agents, given by address, until it is closed."""

    def __init__(self, agents, port=161):
        self.agents = {}
        self.requests = 0
        self.poll = select.epoll()
        for address, agent in agents.items():
            sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            sock.bind((address, port))
            self.agents[sock.fileno()] = (sock, agent)
            self.poll.register(sock.fileno(), select.EPOLLIN)
        self.ended = False
        self.thread = threading.Thread(target=self.serve, daemon=True)
        self.thread.start()

    def serve(self):
        while not self.ended:
            for descriptor, _ in self.poll.poll(0.2):
                sock, agent = self.agents[descriptor]
                request, peer = sock.recvfrom(REQUEST_LIMIT_BYTES)
                self.requests += 1
                try:
                    reply = answer(agent, request)
                except (IndexError, ValueError):
                    continue
                if reply:
                    sock.sendto(reply, peer)

    def close(self):
        self.ended = True
        self.thread.join()
        for sock, _ in self.agents.values():
            sock.close()
