"""A page is answered by replying to it: the mailbox is a real Dovecot, read by IMAP and then by POP3."""

import base64
import re

from case import STOPPED, CityHall, main, wait_until
from lab.mailbox import Mailbox

SATO, SUZUKI = "sato@city.example", "suzuki@city.example"


def mail(text, sender=SATO, charset="iso-2022-jp", encoding="7bit", **headers):
    """As a mobile mailer writes it: an own subject, nothing quoted."""
    body = text.encode(charset)
    body = base64.b64encode(body) if encoding == "base64" else body
    lines = {"From": sender, "To": "nethealth@city.example", "MIME-Version": "1.0",
             "Content-Type": f"text/plain; charset={charset}", "Content-Transfer-Encoding": encoding,
             **{name.replace("_", "-"): value for name, value in headers.items()}}
    head = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
    return head.encode() + b"\r\n" + body + b"\r\n"


class Test(CityHall):
    @classmethod
    def before_start(cls):
        outside = cls.lab.network.namespace("outside")
        cls.mailbox = Mailbox(outside, cls.lab.description["lab"]["outside"]["receivers"])
        cls.addClassCleanup(cls.mailbox.remove)
        cls.mailbox.start()

    @classmethod
    def with_mailbox(cls, scheme):
        return {"channels": {"mail": {"replies": cls.mailbox.settings(scheme)}}}

    @classmethod
    def change_now(cls):
        return cls.with_mailbox("imaps")

    def page(self):
        """A new incident's number and page."""
        before = len(self.lab.received("mail"))
        self.lab.fault("service-crashed")
        page = self.wait_mail("the page", before, to=SATO, mark=STOPPED)
        return self.daemon.incidents()[-1]["incident"], page

    def over(self, number):
        self.lab.repair("service-crashed")
        self.wait_state(number, "restored")
        self.settle()
        self.act("close", number, "--as", "tanaka", "--reason", "確認済み")

    def take_away(self):
        wait_until(lambda: self.mailbox.waiting() == 0, "the mailbox to be emptied")

    def dropped(self):
        return {entry["reason"]: entry["count"] for entry in self.daemon.json("status")["dropped"]
                if entry["probe"] == "mail"}

    def acknowledged(self, number):
        return self.incident(number)["acknowledged_by"]

    def test_1_what_is_no_answer_is_counted_and_taken_away(self):
        number, page = self.page()
        identifier = page["message_id"]
        self.mailbox.deliver(mail("本日は休暇です", In_Reply_To=identifier, Auto_Submitted="auto-replied"))
        self.mailbox.deliver(mail("了解", sender="stranger@elsewhere.example"))
        self.mailbox.deliver(mail("何のことですか", In_Reply_To=identifier))
        self.mailbox.deliver(b"\xff\xfe\x00 no mail at all\r\n" * 5000)
        self.take_away()
        self.assertEqual(self.dropped(), {"automatic": 1, "no_token": 2, "not_understood": 1})
        self.assertIsNone(self.acknowledged(number))

    def test_2_not_me_by_a_mail_that_quotes_nothing(self):
        number = self.daemon.incidents()[-1]["incident"]
        page = self.wait_mail("the page", 0, to=SATO, mark=STOPPED)
        before = len(self.lab.received("mail"))
        self.mailbox.deliver(mail("次へ", Subject="Re:", In_Reply_To=page["message_id"]))
        self.wait_mail("the deputy's call", before, to=SUZUKI, mark=STOPPED)
        self.take_away()
        self.assertIsNone(self.acknowledged(number))

    def test_3_taken_by_the_next_from_the_address_alone(self):
        number = self.daemon.incidents()[-1]["incident"]
        self.mailbox.deliver(mail("了解、向かいます", sender=SUZUKI, charset="shift_jis", encoding="base64",
                                  Subject="=?shift_jis?B?" + base64.b64encode("件名".encode("cp932")).decode() + "?=",
                                  Message_ID="<1@phone>"))
        wait_until(lambda: self.acknowledged(number) == "suzuki", "suzuki to have it")
        self.take_away()
        self.assertIn("by mail <1@phone>", str(self.daemon.json("incident", "show", number)))
        self.over(number)

    def test_4_a_bounce_marks_the_page_failed_and_the_next_channel_follows(self):
        number, page = self.page()
        texts = len(self.lab.received("sms"))
        bounce = (f"From: MAILER-DAEMON@relay.example\r\nTo: nethealth@city.example\r\nReturn-Path: <>\r\n"
                  "Subject: Undelivered\r\nMIME-Version: 1.0\r\n"
                  "Content-Type: multipart/report; report-type=delivery-status; boundary=b\r\n\r\n"
                  "--b\r\n\r\nSorry.\r\n--b\r\nContent-Type: message/delivery-status\r\n\r\n"
                  "Reporting-MTA: dns; relay.example\r\n\r\nFinal-Recipient: rfc822; sato@city.example\r\n"
                  "Action: failed\r\nStatus: 5.1.1\r\nDiagnostic-Code: smtp; 550 no such user\r\n\r\n"
                  f"--b\r\nContent-Type: text/rfc822-headers\r\n\r\nMessage-ID: {page['message_id']}\r\n\r\n--b--\r\n")
        self.mailbox.deliver(bounce.encode())
        wait_until(lambda: len(self.lab.received("sms")) > texts, "the next channel")
        self.take_away()
        self.assertEqual(page["from"], "nethealth@city.example", "a bounce comes to the mailbox")
        told = next(entry for entry in self.notifications(number, "page") if entry["channel"] == "mail")
        self.assertEqual(told["delivery"], "refused")
        self.assertRegex(told["failure"], "5.1.1 550 no such user")
        self.assertEqual(len(self.notifications(number, "page")), 1, "the next channel is an escalation")

    def test_5_by_pop_an_empty_reply_is_an_answer(self):
        number = self.daemon.incidents()[-1]["incident"]
        page = self.wait_mail("the page", 0, to=SATO, mark=STOPPED, text=f"#{number}")
        self.daemon.stop()
        self.daemon.configure(self.with_mailbox("pop3"))
        for name in ("緊急", "明日"):
            self.mailbox.deliver(mail(name, sender="stranger@elsewhere.example"))
        self.mailbox.deliver(mail("", In_Reply_To=page["message_id"]))
        self.daemon.start()
        wait_until(lambda: self.acknowledged(number) == "sato", "sato to have it")
        self.take_away()
        self.over(number)

    def test_6_a_mailbox_that_is_away_is_told_and_read_when_it_is_back(self):
        number, page = self.page()
        self.mailbox.stop()

        def state():
            return next(entry for entry in self.daemon.json("status")["channels"] if entry["channel"] == "mail")
        wait_until(lambda: not state()["works"], "the trouble to be seen")
        self.assertTrue(state()["trouble"])
        token = re.search(r"([0-9A-Z]{4}(?:-[0-9A-Z]{4}){3})", page["body"]).group(1)
        self.mailbox.deliver(mail(f"ack\r\n\r\n> {token}\r\n", sender="private@phone.example"))
        self.mailbox.start()
        wait_until(lambda: self.acknowledged(number) == "sato", "the token alone to do")
        self.take_away()
        self.assertTrue(state()["works"])
        self.over(number)
        self.the_journal_is_whole()


if __name__ == "__main__":
    main()
