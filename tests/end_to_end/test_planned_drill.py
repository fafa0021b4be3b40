"""A drill of the contact network that is held by plan: everybody is called, the operations manager gets the result, and
a restart holds no second one."""

import datetime
import json

from case import CityHall, main

TOKYO = datetime.timezone(datetime.timedelta(hours=9))


class Test(CityHall):
    @classmethod
    def change_now(cls):
        due = datetime.datetime.now(TOKYO) - datetime.timedelta(minutes=1)
        return {"paging": {"drills": {"from": due.strftime("%Y-%m-%dT%H:%M"), "every": "28d"}}}

    def test_1_it_is_held_and_its_result_told(self):
        everybody = [person["name"] for person in self.lab.description["people"]]
        self.wait_mail("the drill", 0, to="sato@city.example", mark="【訓練】")
        for name in everybody:
            self.assertEqual(self.daemon.call("drill", "--answer", "--as", name)[0], 0, name)
        result = self.wait_mail("the result", 0, to="tanaka@city.example", mark="【訓練】結果")
        self.assertIn(f"{len(everybody)}/{len(everybody)}", result["subject"])

    def test_2_the_result_is_kept_and_no_second_drill_follows_a_restart(self):
        self.daemon.kill()
        self.daemon.start()
        self.daemon.wait_complete()
        status, output, _ = self.daemon.call("drill", "--last", "--json")
        drill = json.loads(output)
        self.assertEqual((status, drill["drill"], drill["planned"], drill["over"]), (0, 1, True, True))
        self.assertEqual(len(self.mails(to="tanaka@city.example", mark="【訓練】結果")), 1)


if __name__ == "__main__":
    main()
