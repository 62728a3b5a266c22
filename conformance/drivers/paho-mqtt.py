"""Drives paho-mqtt, the client for Python: pip install paho-mqtt

Commands on standard input, events on standard output; README.md has both.
"""

import json
import sys
import threading

import paho.mqtt
import paho.mqtt.client as mqtt

lock = threading.RLock()
client = None
tickets = {}  # of paho's message ids


def tell(event, **fields):
    with lock:
        print(json.dumps({"event": event, **fields}), flush=True)


def done(event, mid, **fields):
    """Answers the command that led to this message id, once it is known which one that was."""
    with lock:
        ticket = tickets.pop(mid, None)
    if ticket is not None:
        tell(event, id=ticket, **fields)


def connected(client, _, flags, reason, __):
    if reason == 0:
        tell("connected", session_present=flags.session_present)
    else:
        tell("closed", reason=str(reason))


def message(_, __, message):
    payload = message.payload.decode("utf-8", "replace")
    tell("message", topic=message.topic, payload=payload, qos=message.qos, retain=bool(message.retain))


def connect(command):
    global client
    client = mqtt.Client(
        mqtt.CallbackAPIVersion.VERSION2,
        client_id=command["client_id"],
        clean_session=command["clean_session"],
        protocol=mqtt.MQTTv311,
        transport="websockets" if "websocket" in command else "tcp",
        # The judge says when to connect again.
        reconnect_on_failure=False,
    )
    client.on_connect = connected
    client.on_message = message
    client.on_disconnect = lambda _, __, flags, reason, ___: tell("closed", reason=str(reason))
    client.on_publish = lambda _, __, mid, *___: done("published", mid)
    client.on_subscribe = lambda _, __, mid, codes, ___: done(
        "subscribed", mid, codes=[code.value for code in codes]
    )
    client.on_unsubscribe = lambda _, __, mid, *___: done("unsubscribed", mid)
    if "websocket" in command:
        client.ws_set_options(path=command["websocket"])
    if "username" in command:
        client.username_pw_set(command["username"], command.get("password"))
    if will := command.get("will"):
        client.will_set(will["topic"], will["payload"], will["qos"], will["retain"])
    client.connect(command["host"], command["port"], command["keep_alive"])
    client.loop_start()


def reconnect(_):
    client.loop_stop()
    client.reconnect()
    client.loop_start()


def expect(command, result, mid):
    if result != mqtt.MQTT_ERR_SUCCESS:
        raise RuntimeError(mqtt.error_string(result))
    tickets[mid] = command["id"]


def publish(command):
    with lock:
        info = client.publish(
            command["topic"], command["payload"], command["qos"], command["retain"]
        )
        expect(command, info.rc, info.mid)


def subscribe(command):
    with lock:
        filters = [(asked["filter"], asked["qos"]) for asked in command["filters"]]
        expect(command, *client.subscribe(filters))


def unsubscribe(command):
    with lock:
        expect(command, *client.unsubscribe(command["filters"]))


def disconnect(_):
    client.disconnect()


DO = {f.__name__: f for f in (connect, reconnect, publish, subscribe, unsubscribe, disconnect)}

tell("ready", name="paho-mqtt (Python)", version=paho.mqtt.__version__)
for line in sys.stdin:
    command = json.loads(line)
    try:
        DO[command["do"]](command)
    except Exception as error:  # whatever it is, the judge wants to know
        tell("error", id=command["id"], message=f"{type(error).__name__}: {error}")
