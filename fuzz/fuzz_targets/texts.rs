//! Whatever a text is, its reader reads it or says what is wrong with it.

#![no_main]

libfuzzer_sys::fuzz_target!(|octets: &[u8]| mqttspec_fuzz::texts(octets));
