#!/usr/bin/env python3
"""Starts `mqttspec broker` when asked to start mosquitto: its flags and settings, in our words.

What a setting asks for that has no counterpart here ends it with exit code 3.
"""

import os
import sys
import tempfile

IGNORED = {"log_type", "log_dest", "persistence_location", "autosave_interval", "persistence_file",
           "user", "per_listener_settings", "sys_interval"}
FLAGS = {"max_queued_messages": "--max-queued-messages", "max_queued_bytes": "--max-queued-octets",
         "max_inflight_messages": "--max-in-flight", "max_connections": "--max-connections",
         "password_file": "--password-file", "acl_file": "--acl-file",
         "certfile": "--tls-cert", "keyfile": "--tls-key", "cafile": "--tls-ca"}


def main(arguments):
    settings, port = [], None
    while arguments:
        flag = arguments.pop(0)
        if flag == "-p":
            port = arguments.pop(0)
        elif flag == "-c":
            with open(arguments.pop(0), encoding="utf-8") as file:
                lines = (line.split(None, 1) for line in file if line.strip() and line[0] != "#")
                settings = [(line[0], line[1].strip() if len(line) > 1 else "") for line in lines]
        elif flag != "-v":
            sys.exit(3)
    ports, command, keeps = [port] if port else [], [], False
    values = dict(settings)
    for name, value in settings:
        if name in ("port", "listener"):
            ports.append(value.split()[0])
        elif name == "password_file" and "$7$" not in open(value, encoding="utf-8").read():
            print("no counterpart of passwords without a hash, or with that of mosquitto 1", file=sys.stderr)
            sys.exit(3)
        elif name in FLAGS:
            command += [FLAGS[name], value]
        elif name == "persistence":
            keeps = value == "true"
        elif name == "allow_anonymous":
            if value == "true" and "password_file" in values:
                command.append("--allow-anonymous")
            elif value != "true" and "password_file" not in values and "certfile" not in values:
                # There are no users, so nobody is let in.
                empty = tempfile.NamedTemporaryFile(delete=False)
                command += ["--password-file", empty.name]
        elif name == "require_certificate":
            pass
        elif name not in IGNORED:
            print(f"no counterpart of {name} {value}", file=sys.stderr)
            sys.exit(3)
    scheme = "mqtts" if "certfile" in values else "mqtt"
    # The first port of a file with TLS is the one that has it; the second is for looking on.
    for place, number in enumerate(ports or ["1883"]):
        url = f"{scheme if place == 0 else 'mqtt'}://127.0.0.1:{number}"
        command += ["--listen", url]
    state = os.path.join(tempfile.gettempdir(), f"as-mosquitto-{ports[0]}")
    command += ["--data-dir", state] if keeps else ["--volatile"]
    os.execv(os.environ["MQTTSPEC"], ["mqttspec", "broker", *command])


main(sys.argv[1:])
