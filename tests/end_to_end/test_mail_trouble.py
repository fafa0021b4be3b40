"""The mail server is down, stuck, or forgets to answer: the page arrives when it can, and once."""

from case import CLOSED, RESENT, STOPPED, CityHall, main, wait_until


class Test(CityHall):
    def late(self, mode):
        """A page that is due while the server is in this mode."""
        before = len(self.lab.received("mail"))
        incidents = len(self.daemon.incidents())
        self.lab.receiver("mail", mode)
        self.lab.fault("service-crashed")
        wait_until(lambda: len(self.daemon.incidents()) > incidents, "the incident")
        number = self.daemon.incidents()[-1]["incident"]
        self.assertEqual(self.lab.received("mail")[before:], [])
        self.lab.receiver("mail", "normal")
        self.wait_mail("the page", before, to="sato@city.example", mark=STOPPED, text=f"#{number}")
        self.over(number)
        pages = [mail for mail in self.lab.received("mail")[before:] if STOPPED in mail["subject"]]
        self.assertEqual(len(pages), 1, [mail["subject"] for mail in pages])

    def over(self, number):
        before = len(self.lab.received("mail"))
        self.act("ack", number, "--as", "sato")
        self.lab.repair("service-crashed")
        self.wait_state(number, "restored")
        self.settle()
        self.act("close", number, "--as", "sato", "--reason", "確認済み")
        self.wait_mail("the word that it is closed", before, to="sato@city.example", mark=CLOSED, text=f"#{number}")

    def test_1_the_port_is_closed(self):
        self.late("refuse")

    def test_2_try_again_later(self):
        self.late("busy")

    def test_3_a_tarpit(self):
        self.late("tarpit")

    def test_4_taken_without_a_word_it_comes_again_marked_and_recognisable(self):
        before = len(self.lab.received("mail"))
        self.lab.receiver("mail", "silent")
        self.lab.fault("service-crashed")
        first = self.wait_mail("the page", before, to="sato@city.example", mark=STOPPED)
        self.lab.receiver("mail", "normal")
        again = self.wait_mail("the repeat", before + 1, to="sato@city.example", mark=STOPPED)
        self.assertNotIn(RESENT, first["subject"])
        self.assertIn(RESENT, again["subject"])
        self.assertEqual(first["message_id"], again["message_id"])
        self.over(self.daemon.incidents()[-1]["incident"])


if __name__ == "__main__":
    main()
