#![no_main]

libfuzzer_sys::fuzz_target!(|body: &[u8]| phr_vendors::fuzzing::read("web_api_rows", body));
