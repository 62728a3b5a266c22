//! A broker and its clients, whatever they do.

#![no_main]

libfuzzer_sys::fuzz_target!(|octets: &[u8]| mqttspec_fuzz::broker(octets));
