//! What is broken on purpose for the authority (`ci/validate.py`) is broken for our own judge too.

use std::{fs, path::Path};

use phr_fhir::checker::check;

#[test]
fn every_resource_that_is_broken_on_purpose_is_caught() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../ci/hapi/broken");
    let files: Vec<_> = fs::read_dir(folder).unwrap().map(|file| file.unwrap().path()).collect();
    assert!(files.len() >= 20, "{files:?}");
    for file in files {
        let resource = serde_json::from_slice(&fs::read(&file).unwrap()).unwrap();
        assert!(!check(&resource).is_empty(), "{} passes", file.display());
    }
}
