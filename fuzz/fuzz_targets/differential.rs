#![no_main]

libfuzzer_sys::fuzz_target!(|octets: &[u8]| mqttspec_fuzz::differential(octets));
