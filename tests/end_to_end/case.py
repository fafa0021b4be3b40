"""What the end-to-end tests share: a city hall with a daemon that has looked at everything, and the questions that
every fault must answer well."""

import os
import pathlib
import sys
import unittest

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))

from lab import faults  # noqa: E402
from lab.city import COUNTER as COUNTER_ADDRESS, Lab  # noqa: E402
from lab.wait import wait_until  # noqa: E402

STOPPED, AT_RISK, MISCONDUCT = "【停止】", "【注意】", "【不正の疑い】"
RECOVERED, REVISED, CLOSED = "【復旧】", "【訂正】", "【終了】"
COUNTER = "【窓口"
RESENT, UNJOURNALED = "【再送】", "【記録不可】"

__all__ = ["AT_RISK", "CLOSED", "COUNTER", "CityHall", "MISCONDUCT", "RECOVERED", "RESENT", "REVISED", "STOPPED",
           "UNJOURNALED", "faults", "main", "wait_until"]


class CityHall(unittest.TestCase):
    """One lab and one daemon for all tests of the class, which run in the order of their names."""

    change = None  # laid over the lab's configuration

    @classmethod
    def setUpClass(cls):
        cls.lab = Lab()
        cls.addClassCleanup(cls.lab.down)
        cls.lab.up()
        cls.daemon = cls.lab.daemon
        cls.before_start()
        cls.daemon.configure(cls.change_now())
        cls.daemon.start(wait=False)
        cls.daemon.wait_complete()

    @classmethod
    def before_start(cls):
        pass

    @classmethod
    def change_now(cls):
        return cls.change

    def run(self, result=None):
        troubles = len(result.failures) + len(result.errors)
        super().run(result)
        if len(result.failures) + len(result.errors) > troubles:
            print(f"--- {self.id()} failed. Incidents:", self._try(self.daemon.incidents), file=sys.stderr)
            for kind in ("mail", "sms"):
                for message in self.lab.received(kind):
                    print(f"{kind}: {message.get('to')} {message.get('subject') or message.get('body')}",
                          file=sys.stderr)
            print(self.daemon.tail(80), file=sys.stderr, flush=True)

    @staticmethod
    def _try(question):
        try:
            return question()
        except AssertionError as error:
            return error

    # Questions

    def mails(self, to=None, mark=""):
        return [mail for mail in self.lab.received("mail")
                if (to is None or mail["to"] == [to]) and mark in mail["subject"]]

    def wait_mail(self, what, since, to=None, mark="", text=""):
        """The first mail after the first `since` ones that fits."""
        counter = to == COUNTER_ADDRESS
        return wait_until(lambda: next((mail for mail in self.lab.received("mail", counter)[since:] if mark in mail["subject"]
                                        and (to is None or mail["to"] == [to])
                                        and text in mail["subject"] + mail["body"]), None), what)

    def incident(self, number):
        return next(incident for incident in self.daemon.incidents() if incident["incident"] == number)

    def notifications(self, number, kind=None):
        """Of one kind, or the calls and what follows them; not the reports that go elsewhere."""
        return [entry for entry in self.daemon.json("incident", "show", number)["notifications"]
                if (entry["kind"] != "report" if kind is None else entry["kind"] == kind)]

    def wait_state(self, number, state):
        wait_until(lambda: self.incident(number)["state"] == state, f"incident {number} to be {state}")

    def act(self, *words):
        status, output, errors = self.daemon.call("incident", *words)
        self.assertEqual(status, 0, f"incident {' '.join(map(str, words))}: {output}{errors}")

    # The whole life of a fault

    def play(self, name, acknowledge=False, at_once=False):
        """Breaks, sees the one right page, mends (`at_once`: before all of it was seen), sees the recovery; nothing
        else may have been said."""
        fault = faults.by_name(name)
        mails_before = len(self.lab.received("mail"))
        incidents_before = len(self.daemon.incidents())
        self.addCleanup(self.leave_well, name)
        self.lab.fault(name)
        mark = {"stopped": STOPPED, "at_risk": AT_RISK}[fault.severity]
        mark = MISCONDUCT if fault.procedure == "misconduct" else mark
        page = self.wait_mail(f"the page of {name}", mails_before, to=fault.page_to, mark=mark)
        incident = self.daemon.incidents()[incidents_before]
        number = incident["incident"]
        self.check_diagnosis(fault, incident)
        self.check_page(fault, incident, page)
        if not at_once:
            self.wait_all_seen(fault, number)
            self.check_diagnosis(fault, self.incident(number))
        if acknowledge:
            self.act("ack", number, "--as", "sato")
        self.lab.repair(name)
        if fault.mends:
            self.wait_state(number, "restored")
            self.wait_mail(f"the recovery of {name}", mails_before, to=fault.page_to, mark=RECOVERED)
        self.settle()
        incidents = self.daemon.incidents()[incidents_before:]
        self.assertEqual(len(incidents), 1, f"one cause, one incident: {incidents}")
        self.check_diagnosis(fault, incidents[0])
        subjects = [mail["subject"] for mail in self.lab.received("mail")[mails_before:]]
        self.assertEqual(len(subjects), 2 if fault.mends else 1, f"one page and one recovery: {subjects}")
        self.act("close", number, "--as", "tanaka", "--reason", "確認済み")
        self.wait_mail("the word that it is closed", mails_before, to=fault.page_to, mark=CLOSED, text=f"#{number}")
        return number

    def wait_all_seen(self, fault, number):
        """Until the daemon has judged all that the fault shows."""
        wait_until(lambda: set(self.incident(number)["diagnosis"]["affected"]) >= self.silent(fault),
                   "all that cannot be used to be listed")

        def unnoticed():
            reasons = {device["device"]: device["reasons"] for device in self.daemon.picture()}
            return [name for name in self.silent(fault) if not reasons[name]]
        wait_until(lambda: not unnoticed(), f"the silence of all of {fault.affected} to be noticed")

    @staticmethod
    def silent(fault):
        """What the fault cuts off and somebody asks; a hub has no address, and may be listed or not."""
        return {name for name in fault.affected if not name.startswith("hub")}

    def leave_well(self, name):
        """After a test that failed half-way, the next one finds a healthy network all the same."""
        if name in self.lab.broken:
            self.lab.repair(name)
            self.settle()

    def settle(self):
        """Until nothing but incidents already told is wrong, and nothing is suspected any more."""
        def troubled():
            return [device["device"] for device in self.daemon.picture()
                    if device["state"] in ("suspect", "affected", "unknown")]
        wait_until(lambda: not troubled(), "the network to look well again")

    def check_diagnosis(self, fault, incident):
        diagnosis = incident["diagnosis"]
        place = diagnosis["location"]
        found = {(diagnosis["category"], diagnosis["cause"], place["device"])}
        self.assertTrue(found & fault.expected, f"{fault.name}: found {found}, expected one of {set(fault.expected)}; "
                                                f"{diagnosis}")
        if diagnosis["cause"] == "link":
            self.assertIn(fault.labels[0], (place["device"], place.get("peer")), diagnosis)
        if fault.component:
            self.assertEqual(place["component"], fault.component, diagnosis)
        self.assertEqual(incident["procedure"], fault.procedure)
        if fault.procedure == "failure":
            self.assertEqual(incident["severity"], fault.severity, diagnosis)
        self.assertEqual(place["room"], self.lab.device(fault.labels[0])["room"], diagnosis)
        self.assertLessEqual(set(diagnosis["affected"]), set(fault.affected), diagnosis)
        sure = diagnosis["confidence"] + sum(other["confidence"] for other in diagnosis["alternatives"])
        self.assertGreater(diagnosis["confidence"], 0.3)
        self.assertLessEqual(sure, 1.0 + 1e-6)
        self.assertTrue(diagnosis["evidence"], "a verdict gives its reasons")

    def check_page(self, fault, incident, page):
        number = incident["incident"]
        labels = [self.lab.label(name) for name in fault.labels]
        self.assertTrue(any(label in page["subject"] for label in labels), f"{page['subject']} names none of {labels}")
        self.assertTrue(any(label in page["body"] for label in labels), page["body"])
        self.assertIn(f"#{number}", page["subject"])
        self.assertIn("いつから", page["body"])
        self.assertIn(incident["opened"][:10], page["body"])
        room = self.lab.device(fault.labels[0])["room"]
        room_label = next(entry["label"] for entry in self.lab.description["rooms"] if entry["name"] == room)
        self.assertIn(room_label, page["body"])
        self.assertIn(f"nethealth incident ack {number} --as", page["body"])
        self.assertEqual(len(self.notifications(number, "page")), 1, "exactly one page")

    def the_journal_is_whole(self):
        status, output, errors = self.daemon.call("verify")
        self.assertEqual(status, 0, output + errors)


def main():
    if os.geteuid() != 0:
        sys.exit("the end-to-end tests make network namespaces and need root")
    unittest.main(verbosity=2)
