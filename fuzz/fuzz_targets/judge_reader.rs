//! Whatever the octets are, the reader of the judge reads them or says why not.

#![no_main]

libfuzzer_sys::fuzz_target!(|octets: &[u8]| mqttspec_fuzz::judge_reader(octets));
