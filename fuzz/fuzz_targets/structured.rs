//! Runs `fuzzing::structured` under libFuzzer.
#![no_main]

libfuzzer_sys::fuzz_target!(init: fuzzing::abort_on_findings(), |data: &[u8]| fuzzing::structured(data));
