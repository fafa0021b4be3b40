"""One life of an incident, told to real receivers while the daemon is killed at a given call: guessed passwords are
found in a log, the operations manager is called, does not answer, the next in the chain is called and answers, the
manager closes. Whatever was interrupted, the receivers must end up with exactly the right messages."""

import asyncio
import email
import email.policy
import json
import os
import pathlib
import re
import signal
import socket
import subprocess
import threading

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP

from lab.wait import wait_until

GUARD_SECONDS = 60.0
LOG_LINES = "".join(f"Nov 24 09:00:0{i} cs-1 sshd[{100 + i}]: Failed password for root from 192.0.2.66 port 22 ssh2\n"
                    for i in range(6))
ROLES = {"operations_sub_manager": "sato", "operations_manager": "tanaka", "deputy_chief": "ito", "chief": "kato",
         "mayor": "kato", "council": "kato", "system_staff": "sato", "citizens_section": "sato",
         "information_section": "sato", "security_team": "ito", "prefecture": "kato", "organisation": "kato",
         "contractor": "kato"}
# Who must be told what: the manager's time to answer is short, the deputy chief's is not.
EXPECTED = {("page", "tanaka@city.example"), ("escalation", "ito@city.example"), ("closed", "tanaka@city.example"),
            ("closed", "ito@city.example")}
RESENT = "【再送】"


class Mailbox:
    def __init__(self):
        self.messages = []

    async def handle_DATA(self, server, session, envelope):
        message = email.message_from_bytes(envelope.content, policy=email.policy.default)
        self.messages.append((str(message["Message-ID"]), envelope.rcpt_tos[0], str(message["Subject"])))
        return "250 OK"


class QuietSmtp(SMTP):
    """A client that is killed breaks off in the middle; that is the point, and no news."""

    async def handle_exception(self, error):
        return "451 broken off"


class PostOffice(Controller):
    def factory(self):
        return QuietSmtp(self.handler, hostname="mail.city.example", loop=self.loop)


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return taken.getsockname()[1]


class SyslogServer(threading.Thread):
    """Octet counting over TCP (RFC 6587 3.4.1). An unfinished record at the end of a connection does not count."""

    def __init__(self):
        super().__init__(daemon=True)
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]
        self.records = []
        self.start()

    def run(self):
        while True:
            try:
                connection, _ = self.socket.accept()
            except OSError:
                return
            threading.Thread(target=self.read, args=(connection,), daemon=True).start()

    def read(self, connection):
        data = b""
        with connection:
            while True:
                try:
                    more = connection.recv(65536)
                except OSError:
                    return
                if not more:
                    return
                data += more
                while match := re.match(rb"(\d+) ", data):
                    end = match.end() + int(match[1])
                    if len(data) < end:
                        break
                    self.records.append(data[match.end():end].decode())
                    data = data[end:]


class Killed:
    """One run in `folder`. `point` is the shim's KILL_AT; 0 kills nothing and counts the calls."""

    def __init__(self, folder, binary, shim, point):
        self.folder = pathlib.Path(folder)
        self.binary = binary
        self.shim = shim
        self.point = point
        self.process = None
        self.starts = 0
        self.mail = Mailbox()
        self.mail_port = free_port()
        self.post_office = PostOffice(self.mail, hostname="127.0.0.1", port=self.mail_port)
        self.syslog = SyslogServer()

    def configure(self):
        roles = "\n".join(f"  - {{role: {role}, people: [{person}]}}" for role, person in ROLES.items())
        people = "\n".join(
            f"  - {{name: {name}, channels: [{{mail: {name}@city.example, answer_within: {within}}}]}}"
            for name, within in (("sato", "1h"), ("tanaka", "1s"), ("ito", "1h"), ("kato", "1h")))
        (self.folder / "app.log").touch()
        (self.folder / "nethealth.yaml").write_text(f"""
site: {{name: 試験市, language: ja, timezone: Asia/Tokyo}}
store: "sqlite:{self.folder}/state.db"
devices:
  - {{name: mon-1, kind: monitor, connected_to: cs-1}}
  - {{name: cs-1, kind: cs_server, logs: [{{path: "{self.folder}/app.log"}}]}}
roles:
{roles}
people:
{people}
channels:
  - {{name: mail, type: smtp, server: "smtp://127.0.0.1:{self.mail_port}", from: nethealth@city.example}}
syslog:
  - {{target: "tcp://127.0.0.1:{self.syslog.port}", events: [security, audit]}}
""")

    def start(self):
        environment = dict(os.environ)
        if self.starts == 0:
            environment.update(LD_PRELOAD=self.shim, KILL_AT=str(self.point), KILL_COUNT=str(self.folder / "count"))
        self.starts += 1
        with (self.folder / "daemon.log").open("ab") as log:
            self.process = subprocess.Popen(
                [self.binary, "run", "--config", str(self.folder / "nethealth.yaml"), "--socket",
                 str(self.folder / "sock")], env=environment, stdout=log, stderr=log, stdin=subprocess.DEVNULL)

    def keep_running(self):
        status = self.process.poll()
        if status is None:
            return
        if status != -signal.SIGKILL:
            raise AssertionError(f"the daemon ended with {status}:\n{self.tail()}")
        self.start()

    def until(self, condition, what):
        def holds():
            self.keep_running()
            return condition()
        try:
            return wait_until(holds, what, GUARD_SECONDS)
        except AssertionError as error:
            raise AssertionError(f"killed at {self.point}, {self.starts} starts: {error}\n{self.mail.messages}\n"
                                 f"{self.tail()}") from None

    def call(self, *words):
        done = subprocess.run([self.binary, *words, "--socket", str(self.folder / "sock"), "--config",
                               str(self.folder / "nethealth.yaml")], capture_output=True, text=True,
                              stdin=subprocess.DEVNULL, timeout=GUARD_SECONDS)
        return done.returncode, done.stdout

    def incident(self):
        status, text = self.call("incident", "list", "--json")
        incidents = json.loads(text) if status == 0 else []
        if len(incidents) > 1:
            raise AssertionError(f"killed at {self.point}: more than one incident: {text}")
        return incidents[0] if incidents else None

    def acted(self, verb, *words, done):
        """Until the daemon says that the act stands, however often it must be asked."""
        def act():
            incident = self.incident()
            if incident and done(incident):
                return True
            if incident:
                self.call("incident", verb, "1", *words)
            return False
        self.until(act, f"incident {verb}")

    def told(self, kind):
        incident = self.incident()
        return incident and any(told["kind"] == kind and told["sent"] for told in incident["notifications"])

    def settled(self):
        """The incident, once nothing about it is owed any more."""
        incident = self.incident()
        told = incident and all(told["sent"] for told in incident["notifications"]) and \
            any("INCIDENT-CLOSED" in record for record in self.syslog.records)
        return incident if told else None

    def play(self):
        self.post_office.start()
        try:
            self.configure()
            self.start()
            self.until(lambda: self.call("status")[0] in (0, 1), "the daemon to answer")
            with (self.folder / "app.log").open("a") as log:
                log.write(LOG_LINES)
            self.until(lambda: self.told("escalation"), "the second call")
            self.acted("ack", "--as", "ito", done=lambda incident: incident["acknowledged_by"] == "ito")
            self.acted("close", "--as", "tanaka", "--reason", "済", done=lambda incident: incident["state"] == "closed")
            incident = self.until(self.settled, "every message to be told")
            self.until(lambda: self.call("verify")[0] == 0, "a whole journal")
            self.process.send_signal(signal.SIGTERM)
            status = self.process.wait(GUARD_SECONDS)
            # Killed in its farewell: nothing may be owed then.
            if status not in (0, -signal.SIGKILL):
                raise AssertionError(f"the end gave {status}\n{self.tail()}")
            self.judge(incident)
        finally:
            if self.process and self.process.poll() is None:
                self.process.kill()
                self.process.wait()
            self.post_office.stop()
            self.syslog.socket.close()

    def judge(self, incident):
        """Nothing lost; repeated at most once for each kill, and then marked."""
        kinds = {kind for kind, _ in EXPECTED}
        about_it = [one for one in incident["notifications"] if one["kind"] in kinds]
        told = {(one["kind"], f"{one['person']}@city.example"): one["id"] for one in about_it}
        where = f"killed at {self.point}, {self.starts} starts"
        if set(told) != EXPECTED or len(about_it) != len(EXPECTED):
            raise AssertionError(f"{where}: decided {sorted(told)}\n{self.tail()}")
        for (kind, address), identifier in told.items():
            copies = [subject for message, to, subject in self.mail.messages
                      if f".{identifier}@" in message and to == address]
            repeats = [subject for subject in copies[1:] if subject.startswith(RESENT)]
            if not copies or len(copies) > self.starts or len(repeats) != len(copies) - 1:
                raise AssertionError(f"{where}: {kind} to {address} arrived as {copies}\n{self.tail()}")
        if len({message for message, _, _ in self.mail.messages}) != len(incident["notifications"]):
            raise AssertionError(f"{where}: messages nobody decided: {self.mail.messages}")
        for mark in ("INCIDENT-ACKNOWLEDGED", "INCIDENT-CLOSED"):
            if not any(mark in record for record in self.syslog.records):
                raise AssertionError(f"{where}: syslog never got {mark}: {self.syslog.records}")

    def calls(self):
        return int((self.folder / "count").read_text())

    def tail(self):
        log = self.folder / "daemon.log"
        return log.read_text(errors="replace")[-4000:] if log.exists() else ""


def play(folder, binary, shim, point):
    """Returns the number of calls when nothing is killed, else whether the kill came."""
    asyncio.set_event_loop(asyncio.new_event_loop())
    run = Killed(folder, binary, shim, point)
    run.play()
    return run.calls() if point == 0 else run.starts > 1
