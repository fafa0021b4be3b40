"""What a switch's agent tells of its neighbours, for snmpd's pass_persist: the addresses that the bridge of this
namespace has learned (BRIDGE-MIB, Q-BRIDGE-MIB), as the kernel has them, and neighbours by LLDP (LLDP-MIB) from a file
that the test writes: [{"port": "p1", "name": "cs-1", "remote_port": "eth0", "chassis": "00:00:5e:00:53:01"}, ...].

    switch_tables.py FILE
"""

import json
import pathlib
import subprocess
import sys
import time

LLDP = (1, 0, 8802, 1, 1, 2)
REMOTE = LLDP + (1, 4, 1, 1)
LOCAL_PORT = LLDP + (1, 3, 7, 1)
BRIDGE = (1, 3, 6, 1, 2, 1, 17)
SUBTREES = (LLDP, BRIDGE)
LEARNED = 3
VLAN = 1
FRESH_S = 0.2  # a walk sees about one table


def ports():
    """Interface index by name, of the bridge's ports."""
    return {entry.name: int((entry / "ifindex").read_text())
            for entry in pathlib.Path("/sys/class/net").iterdir() if (entry / "brport").exists()}


def learned():
    text = subprocess.run(["bridge", "-j", "fdb", "show", "br", "br0"], capture_output=True, text=True).stdout
    for entry in json.loads(text or "[]"):
        if not entry.get("state") and "master" in entry:  # neither permanent nor static
            yield entry["ifname"], tuple(int(part, 16) for part in entry["mac"].split(":"))


def octets(mac):
    return "octet", " ".join(part.upper() for part in mac.split(":"))


def rows(file):
    """OID -> (type, value), of now."""
    indexes, table = ports(), {}
    for name, index in indexes.items():
        table[BRIDGE + (1, 4, 1, 2, index)] = "integer", index
    for name, mac in learned():
        if name not in indexes:
            continue
        for column, value in ((2, indexes[name]), (3, LEARNED)):
            table[BRIDGE + (4, 3, 1, column) + mac] = "integer", value
            table[BRIDGE + (7, 1, 2, 2, 1, column, VLAN) + mac] = "integer", value
    neighbours = json.loads(file.read_text()) if file.exists() else []
    if not neighbours:
        return table
    for name, index in indexes.items():
        table[LOCAL_PORT + (2, index)] = "integer", 5  # interfaceName
        table[LOCAL_PORT + (3, index)] = "string", name
        table[LOCAL_PORT + (4, index)] = "string", name
    for number, one in enumerate(neighbours, 1):
        index = (0, indexes[one["port"]], number)
        for column, value in {4: ("integer", 4), 5: octets(one["chassis"]), 6: ("integer", 5),
                              7: ("string", one["remote_port"]), 8: ("string", one["remote_port"]),
                              9: ("string", one["name"])}.items():
            table[REMOTE + (column,) + index] = value
    return table


def answer(verb, oid, table):
    if verb == "getnext":
        oid = min((one for one in table if one > oid), default=None)
    if oid not in table:
        return "NONE"
    kind, value = table[oid]
    return f".{'.'.join(map(str, oid))}\n{kind}\n{value}"


def main():
    file = pathlib.Path(sys.argv[1])
    table, made, written = {}, -1.0, None
    while verb := sys.stdin.readline().strip():
        if verb == "PING":
            print("PONG", flush=True)
            continue
        oid = tuple(int(part) for part in sys.stdin.readline().strip().strip(".").split("."))
        if verb == "set":
            sys.stdin.readline()
            print("not-writable", flush=True)
            continue
        now_written = file.stat().st_mtime_ns if file.exists() else None
        if time.monotonic() - made > FRESH_S or now_written != written:
            table, made, written = rows(file), time.monotonic(), now_written
        print(answer(verb, oid, table), flush=True)


if __name__ == "__main__":
    main()
