"""Names, time, mail and plugins asked as services, and syslog that a device sends by itself."""

import json
import stat
import subprocess
import textwrap

from case import CityHall, main, wait_until

SERVERS = textwrap.dedent('''
    import socket, struct, sys, time

    def answer(port, reply):
        server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        server.bind(("0.0.0.0", port))
        while True:
            question, peer = server.recvfrom(1500)
            server.sendto(reply(question), peer)

    def dns(question):
        return question[:2] + b"\\x81\\x80\\0\\1\\0\\1\\0\\0\\0\\0" + question[12:] + \\
            b"\\xc0\\x0c\\0\\1\\0\\1\\0\\0\\0\\x3c\\0\\4" + socket.inet_aton("192.0.2.10")

    def ntp(question):
        now = int((time.time() + 2208988800) * 2**32)
        return b"\\x24\\2" + bytes(22) + question[40:48] + struct.pack(">QQ", now, now)

    if sys.argv[1] == "names":
        answer(53, dns)
    if sys.argv[1] == "time":
        answer(123, ntp)
    greeter = socket.create_server(("0.0.0.0", 2525))
    while True:
        connection, _ = greeter.accept()
        with connection:
            connection.sendall(b"220 cs-1 ESMTP\\r\\n")
            connection.recv(100)
''')


class Test(CityHall):
    @classmethod
    def before_start(cls):
        script = cls.lab.folder / "servers.py"
        script.write_text(SERVERS)
        cls.servers = {}
        for what in ("names", "time", "mail"):
            server = subprocess.Popen(["ip", "netns", "exec", cls.lab.network.namespace("cs-1"), "/usr/bin/python3", "-B",
                                       str(script), what])
            cls.servers[what] = server
            cls.addClassCleanup(server.wait)
            cls.addClassCleanup(server.kill)
        cls.verdict = cls.lab.folder / "verdict"
        cls.verdict.write_text("0")
        cls.plugin = cls.lab.folder / "check_disk"
        cls.plugin.write_text("#!/bin/sh\necho \"DISK $1 | free=12%;10;5\"\nexit $(cat \"$2\")\n")
        cls.plugin.chmod(cls.plugin.stat().st_mode | stat.S_IXUSR | stat.S_IXGRP | stat.S_IXOTH)

    @classmethod
    def change_now(cls):
        services = [{"name": "names", "dns": {"name": "cs-1.city.example", "expect": "192.0.2.10"}},
                    {"name": "time", "ntp": True}, {"name": "mail", "smtp": 2525},
                    {"name": "disk", "plugin": [str(cls.plugin), "ok; exit 2", str(cls.verdict)]}]
        return {"devices": {"cs-1": {"services": services},
                            "sw-core": {"logs": [{"syslog": "udp://0.0.0.0:514", "rules": ["network"]},
                                                 {"syslog": "tcp://0.0.0.0:514", "rules": ["network"]}]}}}

    def test_1_each_is_asked_in_its_own_way(self):
        status, output, errors = self.daemon.call("probe", "cs-1", "--json", place="mon-1")
        self.assertEqual(status, 0, output + errors)
        text = json.dumps(json.loads(output), ensure_ascii=False)
        for said in ("192.0.2.10", "220 cs-1 ESMTP", "DISK ok; exit 2", "ahead of our clock"):
            self.assertIn(said, text)

    def test_2_a_plugin_that_fails_is_a_failed_service(self):
        before = len(self.lab.received("mail"))
        self.verdict.write_text("2")
        self.wait_mail("the page", before, text="disk")
        diagnosis = self.daemon.incidents()[-1]["diagnosis"]
        self.assertEqual((diagnosis["cause"], diagnosis["location"]["component"]), ("service", "disk"), diagnosis)
        self.verdict.write_text("0")
        self.wait_state(self.daemon.incidents()[-1]["incident"], "restored")

    def test_3_a_name_server_that_is_gone_is_a_failed_service(self):
        before = len(self.daemon.incidents())
        self.servers["names"].kill()
        wait_until(lambda: len(self.daemon.incidents()) > before, "an incident")
        place = self.daemon.incidents()[before]["diagnosis"]["location"]
        self.assertEqual((place["device"], place["component"]), ("cs-1", "names"))

    def test_4_a_switch_tells_by_syslog_and_a_stranger_is_not_heard(self):
        monitor = self.lab.device("mon-1")["address"]
        line = "%ENVIRONMENT-2-FAN_FAILED: Fan 2 has failed"
        self.lab.network.run("cs-2", ["logger", "-d", "-n", monitor, "-P", "514", line])
        wait_until(lambda: any(entry["probe"] == "syslog" for entry in self.daemon.json("status")["dropped"]),
                   "the stranger to be counted")
        before = len(self.daemon.incidents())
        self.lab.network.run("sw-core", ["logger", "-T", "-n", monitor, "-P", "514", "--octet-count", line])
        wait_until(lambda: len(self.daemon.incidents()) > before, "an incident")
        self.assertEqual(self.daemon.incidents()[before]["diagnosis"]["location"]["device"], "sw-core")


if __name__ == "__main__":
    main()
