//! Whatever comes to a door of the server, what is answered there is in good order.

#![no_main]

libfuzzer_sys::fuzz_target!(|octets: &[u8]| mqttspec_fuzz::front(octets));
