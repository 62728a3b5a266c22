//! Whatever the octets are, our decoder reads them or says why not.

#![no_main]

libfuzzer_sys::fuzz_target!(|octets: &[u8]| mqttspec_fuzz::decode(octets));
