//! The statements of MQTT 3.1.1 as data.
