"""Where messages arrive: SMTP (25), an SMS gateway (8080) and syslog (514, UDP and TCP) on one address.

receivers.py FOLDER ADDRESS. Each message is one JSON line in FOLDER/mail.jsonl, sms.jsonl or syslog.jsonl, with the
time of arrival. FOLDER/mail.mode and sms.mode say how a receiver behaves, and may be rewritten at any time:
  normal   takes everything
  refuse   the port is closed
  busy     answers 451 (mail) or 500 (SMS)
  tarpit   takes the connection and never says a word
  silent   (mail) takes the message, and never says that it did
syslog.mode knows normal and refuse; refuse leaves the port to a real syslog server."""

import asyncio
import email
import email.policy
import json
import pathlib
import sys
import time

from aiosmtpd.smtp import SMTP

FOLDER = pathlib.Path(sys.argv[1])
ADDRESS = sys.argv[2]


def mode(kind):
    try:
        return (FOLDER / f"{kind}.mode").read_text().strip() or "normal"
    except OSError:
        return "normal"


def keep(kind, message):
    message = {"arrived": time.time(), **message}
    with (FOLDER / f"{kind}.jsonl").open("a", encoding="utf-8") as file:
        file.write(json.dumps(message, ensure_ascii=False) + "\n")


class Mailbox:
    async def handle_RCPT(self, server, session, envelope, address, options):
        if mode("mail") == "busy":
            return "451 4.3.2 try again later"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        message = email.message_from_bytes(envelope.content, policy=email.policy.default)
        body = message.get_body(("plain",))
        keep("mail", {
            "from": envelope.mail_from, "to": envelope.rcpt_tos, "subject": str(message["Subject"]),
            "body": body.get_content() if body else "", "message_id": str(message["Message-ID"]),
            "date": str(message["Date"]), "headers": {name: str(value) for name, value in message.items()},
        })
        if mode("mail") == "silent":
            await asyncio.Event().wait()
        return "250 OK"


class Smtp(SMTP):
    async def _handle_client(self):
        if mode("mail") == "tarpit":
            await asyncio.Event().wait()
        await super()._handle_client()


async def read_http(reader):
    head = await reader.readuntil(b"\r\n\r\n")
    fields = dict(line.split(":", 1) for line in head.decode("latin-1").split("\r\n")[1:] if ":" in line)
    length = int({name.lower(): value for name, value in fields.items()}.get("content-length", "0"))
    return head, await reader.readexactly(length)


async def take_sms(reader, writer):
    try:
        if mode("sms") == "tarpit":
            await asyncio.Event().wait()
        head, body = await read_http(reader)
        busy = mode("sms") == "busy"
        if not busy:
            try:
                value = json.loads(body)
            except ValueError:
                value = None
            keep("sms", {"head": head.decode("latin-1"), "body": body.decode("utf-8", "replace"), "json": value})
        status = b"500 Busy" if busy else b"200 OK"
        writer.write(b"HTTP/1.1 " + status + b"\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
        await writer.drain()
    except (OSError, asyncio.IncompleteReadError):
        pass
    writer.close()


async def take_syslog(reader, writer):
    """Octet counting (RFC 6587 3.4.1), or a line a message (3.4.2)."""
    try:
        while first := await reader.read(1):
            if first.isdigit():
                length = int(first + (await reader.readuntil(b" "))[:-1])
                keep("syslog", {"by": "tcp", "framing": "octets", "message": (await reader.readexactly(length)).decode()})
            else:
                line = first + await reader.readuntil(b"\n")
                keep("syslog", {"by": "tcp", "framing": "newline", "message": line.decode().rstrip("\n")})
    except (OSError, ValueError, asyncio.IncompleteReadError) as error:
        keep("syslog", {"by": "tcp", "framing": "broken", "message": str(error)})
    writer.close()


class Datagrams(asyncio.DatagramProtocol):
    def datagram_received(self, data, address):
        keep("syslog", {"by": "udp", "message": data.decode("utf-8", "replace")})


async def open_port(kind):
    loop = asyncio.get_running_loop()
    if kind == "mail":
        return [await loop.create_server(lambda: Smtp(Mailbox(), hostname="mail.city.example", enable_SMTPUTF8=True),
                                         ADDRESS, 25)]
    if kind == "sms":
        return [await asyncio.start_server(take_sms, ADDRESS, 8080)]
    transport, _ = await loop.create_datagram_endpoint(Datagrams, local_addr=(ADDRESS, 514))
    return [await asyncio.start_server(take_syslog, ADDRESS, 514), transport]


async def main():
    doors = {"mail": [], "sms": [], "syslog": []}
    shown = ""
    while True:
        for kind, listeners in doors.items():
            wanted = mode(kind) != "refuse"
            if wanted and not listeners:
                doors[kind] = await open_port(kind)
            elif not wanted and listeners:
                for listener in listeners:
                    listener.close()
                doors[kind] = []
        state = json.dumps({kind: bool(listeners) for kind, listeners in doors.items()})
        if state != shown:
            (FOLDER / "doors.new").write_text(state)
            (FOLDER / "doors.new").rename(FOLDER / "doors")
            shown = state
        await asyncio.sleep(0.05)


if __name__ == "__main__":
    asyncio.run(main())
