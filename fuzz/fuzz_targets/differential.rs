//! Our decoder and the reader of the judge agree on what octets are.

#![no_main]

libfuzzer_sys::fuzz_target!(|octets: &[u8]| mqttspec_fuzz::differential(octets));
