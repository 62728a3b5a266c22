//! The profiles that come with the judge: one file a broker in `brokers/`.

use mqttspec_spec::nearest_name;

use super::ProfileError;

/// The names, in alphabetical order.
pub(super) fn names() -> impl Iterator<Item = &'static str> {
    FILES.iter().map(|(name, _)| *name)
}

/// The TOML of the profile of this name.
pub(super) fn text(name: &str) -> Result<&'static str, ProfileError> {
    FILES.iter().find(|(known, _)| *known == name).map(|(_, text)| *text).ok_or_else(|| {
        let all: Vec<_> = names().collect();
        let message = format!(
            "there is none of that name, only {}; a file has a slash in its path or ends in .toml",
            all.join(", ")
        );
        ProfileError::plain(message).of(name).perhaps(nearest_name(name, names()))
    })
}

macro_rules! files {
    ($($name:literal,)*) => {
        &[$(($name, include_str!(concat!("../../brokers/", $name, ".toml")))),*]
    };
}

const FILES: &[(&str, &str)] = files![
    "activemq",
    "aedes",
    "amqtt",
    "ejabberd",
    "iotcore",
    "mosca",
    "mosquitto",
    "mqttd",
    "mqttspec",
    "mqttspec-users",
    "mqttv5",
    "nats",
    "rabbitmq",
    "rmqttd",
    "rumqttd",
];
