#!/usr/bin/env python3
"""The tests that mosquitto's authors wrote for their broker, against ours.

    bash .ci/run mosquitto              # fetches them, and does the rest

    python3 tests/mosquitto/run.py mosquitto-2.0.11 target/release/mqttspec

Each is run as it stands, but for the lines that ask for MQTT 3.1 and 5. What is left out, and what
fails, stands below with its reason; anything else that fails, or passes against it, is an error.
"""

import concurrent.futures
import os
import pathlib
import re
import shutil
import socket
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent

# Of what is no part of MQTT 3.1.1, or of mosquitto alone.
LEFT_OUT = {
    r"^12-": "properties of MQTT 5", r"^06-": "bridges", r"^14-": "mosquitto's own plugin", r"^09-plugin": "plugins in C",
    r"psk|crl|revoked": "keys and lists that are not offered", r"bridge": "bridges",
    r"^08-": "its certificates have expired", r"^13-": "properties of MQTT 5",
}

LEVELS = "mosquitto takes 200 levels of a topic and closes above, here as many as fit are taken"
REFUSED = "a filter of which nothing may be read is refused, as MQTT-3.8.4-5 has it; there it is granted"
FAILS = {
    "01-connect-allow-anonymous": "asks for MQTT 5 in between",
    "01-connect-invalid-protonum": "the protocol name is that of MQTT 3.1, so MQTT-3.1.2-1 lets it be closed",
    "02-subpub-qos0-long-topic": LEVELS,
    "02-subscribe-long-topic": LEVELS,
    "03-publish-long-topic": LEVELS,
    "03-publish-qos1-queued-bytes": "is for Python 2",
    "07-will-takeover": "a connection that is taken over ends without DISCONNECT, so its Will is due "
    "(MQTT-3.1.2-8); mosquitto keeps it back where the Session goes on",
    "09-acl-access-variants": REFUSED,
    "09-acl-change": REFUSED,
    "09-acl-empty-file": REFUSED,
}


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def prepared(test):
    """The test without what asks for other versions; None when nothing is left of it."""
    text = test.read_text(encoding="utf-8")
    text = text.replace("range(4,6)", "range(4,5)").replace("range(4, 6)", "range(4, 5)")
    asks = re.compile(r"^(rc\s*=\s*)?do_test\((proto_ver=)?[35]\b.*$", re.M)
    kept = asks.sub("", text)
    calls = re.findall(r"^(?:rc\s*=\s*)?do_test\(.*$", kept, re.M)
    has_calls = re.search(r"^def do_test", text, re.M)
    if has_calls and not calls:
        return None
    if re.search(r"proto_ver=[35]", kept) and not re.search(r"do_test\((proto_ver=)?4|proto_ver=4", kept):
        return None
    return kept


def run(test, folder):
    """What has come of a test: None when it passes, else its last words."""
    count = re.search(r"get_port\((\d+)\)", test.read_text(encoding="utf-8"))
    ports = [str(free_port()) for _ in range(int(count[1]) if count else 1)]
    shutil.rmtree(pathlib.Path(os.environ["TMPDIR"]) / f"as-mosquitto-{ports[0]}", ignore_errors=True)
    try:
        ended = subprocess.run([sys.executable, test.name, *ports], cwd=folder, timeout=60, check=False,
                               stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    except subprocess.TimeoutExpired:
        return "it takes too long"
    return None if ended.returncode == 0 else ended.stdout.decode("utf-8", "replace").strip()


def main(source, program):
    os.environ["MQTTSPEC"] = str(pathlib.Path(program).resolve())
    with tempfile.TemporaryDirectory() as copy, tempfile.TemporaryDirectory() as left_behind:
        # For what the tests and the brokers leave: it goes with all else.
        os.environ["TMPDIR"] = left_behind
        return judge(pathlib.Path(shutil.copytree(source, copy, dirs_exist_ok=True)))


def judge(source):
    shim = source / "src" / "mosquitto"
    shutil.copy(HERE / "as_mosquitto.py", shim)
    shim.chmod(0o755)
    folder = source / "test" / "broker"
    tests, left_out = [], 0
    for test in sorted(folder.glob("[01]*.py")):
        text = prepared(test)
        if any(re.search(pattern, test.name) for pattern in LEFT_OUT) or text is None:
            left_out += 1
        else:
            test.write_text(text, encoding="utf-8")
            tests.append(test)
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        said = list(pool.map(lambda test: run(test, folder), tests))
    surprises = 0
    # A setting of mosquitto's that has no counterpart here.
    offered = [(test, words) for test, words in zip(tests, said) if "no counterpart" not in (words or "")]
    left_out += len(tests) - len(offered)
    for test, words in offered:
        reason = FAILS.get(test.stem)
        if (words is None) != (reason is None):
            surprises += 1
            print(f"✗ {test.name}: " + ("passes" if words is None else words[-900:]))
        elif reason:
            print(f"– {test.name}: {reason}")
    passed = sum(words is None for _, words in offered)
    print(f"{passed} of {len(offered)} pass, {left_out} left out, {surprises} surprises")
    return surprises != 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
