"""Writes the nethealth.yaml of a lab: the description without what only the lab needs, its paths made real."""

import copy
import os

import yaml

from lab import machines

PARTS = ("site", "polling", "calendars", "credentials", "rooms", "devices", "maintenance", "roles", "people",
         "channels", "syslog")


class PlainDumper(yaml.SafeDumper):
    def ignore_aliases(self, data):
        return True


def merge(value, change):
    """`change` laid over `value`: maps merge, lists of named things merge by their name, all else is replaced."""
    if isinstance(value, dict) and isinstance(change, dict):
        return {**value, **{key: merge(value.get(key), part) for key, part in change.items()}}
    if isinstance(value, list) and isinstance(change, dict):
        return [merge(entry, change[name]) if (name := entry.get("name") or entry.get("role")) in change else entry
                for entry in value]
    return change


def write(description, folder, change=None):
    """`change` is laid over the configuration alone: the network stays as it is. Returns the file."""
    site = copy.deepcopy({part: description[part] for part in PARTS if part in description})
    for device in site["devices"]:
        for log in device.get("logs", []):
            log["path"] = str(folder / "log" / log["path"])
    site["store"] = f"sqlite:{folder / 'state' / 'state.db'}"
    site = merge(site, change or {})
    secrets = {"community": machines.COMMUNITY, "auth": machines.AUTH_PASSPHRASE,
               "privacy": machines.PRIVACY_PASSPHRASE}
    (folder / "secrets").mkdir(exist_ok=True)
    for name, text in secrets.items():
        file = folder / "secrets" / name
        file.touch(mode=0o600)
        os.chmod(file, 0o600)
        file.write_text(text + "\n")
    path = folder / "nethealth.yaml"
    path.write_text(yaml.dump(site, Dumper=PlainDumper, allow_unicode=True, sort_keys=False, width=110))
    return path
