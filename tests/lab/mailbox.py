"""A real mail store, Dovecot, with one mailbox that is read by IMAP and POP3: STARTTLS on 143 and 110, TLS on 993
and 995, under a certificate authority of its own."""

import os
import pathlib
import pwd
import shutil
import subprocess
import sys
import tempfile
import uuid

from lab.wait import wait_until

USER, PASSWORD = "nethealth", "a pass word, 合言葉"
OWNER = "nobody"

CONFIGURATION = """
protocols = imap pop3
listen = {address}
base_dir = {folder}/run
log_path = {folder}/log
ssl = required
ssl_cert = <{folder}/cert.pem
ssl_key = <{folder}/key.pem
mail_location = maildir:{folder}/mail
mail_uid = {owner}
mail_gid = {group}
first_valid_uid = 1
first_valid_gid = 1
passdb {{
  driver = passwd-file
  args = {folder}/users
}}
userdb {{
  driver = static
  args = uid={owner} gid={group} home={folder}/mail
}}
"""


class Mailbox:
    """`namespace`: where it listens, on `address`."""

    def __init__(self, namespace, address):
        self.namespace, self.address = namespace, address
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="nethealth-mailbox-"))
        self.folder.chmod(0o755)
        self.authority = self.folder / "cert.pem"
        owner = pwd.getpwnam(OWNER)
        for name in ("mail/cur", "mail/new", "mail/tmp"):
            (self.folder / name).mkdir(parents=True)
        for name in ("mail", "mail/cur", "mail/new", "mail/tmp"):
            os.chown(self.folder / name, owner.pw_uid, owner.pw_gid)
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1",
                        "-nodes", "-days", "2", "-subj", "/CN=mailbox", "-addext", f"subjectAltName=IP:{address}",
                        "-keyout", self.folder / "key.pem", "-out", self.authority], check=True, capture_output=True)
        (self.folder / "users").write_text(f"{USER}:{{PLAIN}}{PASSWORD}\n", encoding="utf-8")
        (self.folder / "users").chmod(0o644)
        (self.folder / "dovecot.conf").write_text(CONFIGURATION.format(
            folder=self.folder, address=address, owner=OWNER, group=owner.pw_gid))
        self.process = None

    def start(self):
        self.process = subprocess.Popen(["ip", "netns", "exec", self.namespace, "dovecot", "-F", "-c",
                                         self.folder / "dovecot.conf"], stderr=sys.stderr)
        wait_until(self._listens, "Dovecot to listen")

    def stop(self):
        if self.process:
            self.process.terminate()
            self.process.wait(timeout=20)
            self.process = None

    def remove(self):
        self.stop()
        shutil.rmtree(self.folder)

    def _listens(self):
        try:
            return "starting up" in (self.folder / "log").read_text()
        except OSError:
            return False

    def deliver(self, message):
        """Bytes as a mail server would put them there."""
        name = uuid.uuid4().hex
        waiting = self.folder / "mail" / "tmp" / name
        waiting.write_bytes(message)
        owner = pwd.getpwnam(OWNER)
        os.chown(waiting, owner.pw_uid, owner.pw_gid)
        waiting.rename(self.folder / "mail" / "new" / name)

    def waiting(self):
        """How many mails are there."""
        return sum(1 for name in ("cur", "new") for _ in (self.folder / "mail" / name).iterdir())

    def settings(self, scheme, **more):
        """The `replies:` of a channel whose mailbox this is; `password_file` is a secret of the daemon's."""
        password = self.folder / "password"
        password.touch(mode=0o600)
        password.write_text(PASSWORD + "\n", encoding="utf-8")
        return {"server": f"{scheme}://{self.address}", "address": "nethealth@city.example", "user": USER,
                "password_file": str(password), "certificate_authority": str(self.authority), "interval": "5s", **more}
