//! Whatever is done to the topic trees, they find what a list would.

#![no_main]

libfuzzer_sys::fuzz_target!(|octets: &[u8]| mqttspec_fuzz::topics(octets));
