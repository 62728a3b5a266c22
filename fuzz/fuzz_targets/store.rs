//! However a file of the store is damaged, it is right or refused.

#![no_main]

libfuzzer_sys::fuzz_target!(|octets: &[u8]| mqttspec_fuzz::store(octets));
