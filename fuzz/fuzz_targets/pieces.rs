//! However octets are cut into pieces, the same packets come of them.

#![no_main]

libfuzzer_sys::fuzz_target!(|octets: &[u8]| mqttspec_fuzz::pieces(octets));
