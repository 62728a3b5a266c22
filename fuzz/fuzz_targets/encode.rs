//! Whatever a packet holds, it is read back as it was written.

#![no_main]

libfuzzer_sys::fuzz_target!(|octets: &[u8]| mqttspec_fuzz::encode(octets));
