#![no_main]

libfuzzer_sys::fuzz_target!(|body: &[u8]| phr_vendors::fuzzing::read("google_points", body));
