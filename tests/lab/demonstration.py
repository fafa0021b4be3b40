#!/usr/bin/python3
"""The demonstration: a healthy city hall, a cut cable, the page that arrives, the incident, the repair."""

import pathlib
import sys
import textwrap

sys.dont_write_bytecode = True
HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

from lab.city import Lab  # noqa: E402
from lab.wait import wait_until  # noqa: E402


def step(text):
    print(f"\n== {text}", flush=True)


def indented(text):
    print(textwrap.indent(text.rstrip("\n"), "   "), flush=True)


def show(daemon, *words):
    print(f"\n   $ nethealth {' '.join(words)}")
    indented(daemon.call(*words)[1])


def messages(lab, count):
    wait_until(lambda: len(lab.received("mail")) >= count, "a message")
    return lab.received("mail")[count - 1]


def show_message(message):
    indented(f"To:      {message['to'][0]}\nSubject: {message['subject']}\n\n{message['body']}")


def play(lab):
    step("A city hall: monitor, two switches, a hub, two CS servers, a UPS, five terminals - each its own kernel")
    lab.daemon.start()
    lab.daemon.wait_complete()
    show(lab.daemon, "status")

    step("Cutting the cable between the core switch and the switch of the citizens' section")
    lab.fault("uplink-cut")
    page = messages(lab, 1)
    step("One page arrived, for six devices that fell silent. From here a cut cable and a dead switch look alike: it names both")
    show_message(page)
    number = str(lab.daemon.incidents()[-1]["incident"])
    show(lab.daemon, "incident", "show", number)
    show(lab.daemon, "incident", "ack", number, "--as", "sato")

    step("Mending the cable")
    lab.repair("uplink-cut")
    show_message(messages(lab, 2))
    show(lab.daemon, "incident", "list")


OWN_NETWORK = """
To watch a network of your own:
  1. write /etc/nethealth/nethealth.yaml (README.md, "Your own network"; {config} is a complete example)
  2. build/nethealth check              every mistake, with its line
  3. build/nethealth probe DEVICE       one device, now
  4. build/nethealth run                the daemon; then: build/nethealth status
"""

KEPT = """
The city hall stays up. Play with it:
  tests/lab/lab list                    what can break
  tests/lab/lab fault hub-hung          break it; lab repair hub-hung mends it
  tests/lab/lab status                  what nethealth says, and which messages arrived
  tests/lab/lab exec cs-1 bash          a shell on a machine
  tests/lab/lab nethealth status        nethealth's command line
  tests/lab/lab down                    ends it
"""


def main():
    keep = "--keep" in sys.argv[1:]
    with Lab() as lab:
        try:
            play(lab)
        except AssertionError as error:
            sys.exit(f"The demonstration failed: {error}\n{lab.daemon.tail()}")
        if keep:
            lab.keep()
            print(KEPT, end="")
            print(OWN_NETWORK.format(config=lab.daemon.config), end="")
            return
        lab.daemon.stop()
    print(OWN_NETWORK.format(config="config/examples/city-hall"), end="")


if __name__ == "__main__":
    main()
