//! The security requirements are listed one by one in docs/security.md; what the list says is tested
//! has a test with its number, and rules about the source hold.

#![expect(clippy::unwrap_used, reason = "a test may fail where it stands")]

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    process::Command,
};

/// How many requirements each section has.
const SECTIONS: [(&str, u32); 8] =
    [("AC", 18), ("TK", 16), ("OA", 18), ("VK", 8), ("AZ", 9), ("IN", 11), ("ST", 3), ("ER", 3)];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).unwrap().to_path_buf()
}

/// Every source file with its text.
fn sources() -> Vec<(PathBuf, String)> {
    let mut folders = vec![root().join("crates")];
    let mut files = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                files.push((path.clone(), fs::read_to_string(path).unwrap()));
            }
        }
    }
    files
}

/// The state of each requirement in the documentation.
fn states() -> BTreeMap<String, String> {
    let text = fs::read_to_string(root().join("docs/security.md")).unwrap();
    let rows = text.lines().filter_map(|line| line.strip_prefix("| "));
    let row = |row: &str| {
        let mut cells = row.trim_end_matches(" |").split(" | ").map(str::to_owned);
        Some((cells.next()?, cells.nth(1)?))
    };
    let is_id =
        |id: &str| SECTIONS.iter().any(|(section, _)| id.starts_with(&format!("{section}-")));
    rows.filter_map(row).filter(|(id, _)| is_id(id)).collect()
}

/// Names of functions that carry a number such as `ac_03`, at their beginning or behind another one.
fn carries(text: &str, number: &str) -> bool {
    text.lines().filter_map(|line| line.trim_start().split_once("fn ")).any(|(before, rest)| {
        let name = rest.split(['(', '<']).next().unwrap_or_default();
        let declares = ["", "async ", "pub(crate) ", "pub(crate) async "].contains(&before);
        declares
            && (name.starts_with(&format!("{number}_")) || name.contains(&format!("_{number}_")))
    })
}

#[test]
fn every_requirement_has_a_state() {
    let states = states();
    for (section, count) in SECTIONS {
        for number in 1..=count {
            let id = format!("{section}-{number:02}");
            let state = states.get(&id).unwrap_or_else(|| panic!("{id} is missing"));
            let known = state.starts_with("tested") || state.starts_with("does not apply");
            assert!(known, "{id}: {state}");
            assert!(state.starts_with("tested") || state.contains(": "), "{id} gives no reason");
        }
    }
}

#[test]
fn what_is_said_to_be_tested_has_a_test_with_its_number() {
    let sources = sources();
    let mut untested = Vec::new();
    for (id, state) in states() {
        let number = id.to_lowercase().replace('-', "_");
        let found = sources.iter().any(|(_, text)| carries(text, &number));
        if found != state.starts_with("tested") {
            untested.push(format!(
                "{id}: {state}, and a test was {}found",
                if found { "" } else { "not " }
            ));
        }
    }
    assert!(untested.is_empty(), "{}", untested.join("\n"));
}

#[test]
fn a_number_is_found_in_declarations_only() {
    assert!(carries("    async fn ac_03_many_at_once() {", "ac_03"));
    assert!(carries("fn in_04_in_05_a_bad_parameter() {", "in_05"));
    assert!(!carries("// see fn ac_03_many_at_once()", "ac_03"));
    assert!(!carries("fn ac_031_other() {", "ac_03"));
}

/// Source lines outside of tests and comments that hold `word`.
fn lines_with(sources: &[(PathBuf, String)], word: &str) -> Vec<String> {
    let is_product = |path: &Path| path.components().any(|part| part.as_os_str() == "src");
    let product = sources.iter().filter(|(path, _)| is_product(path));
    let lines = product.flat_map(|(path, text)| {
        text.lines().map(move |line| format!("{}: {}", path.display(), line.trim()))
    });
    lines.filter(|line| line.contains(word) && !line.contains(": //")).collect()
}

/// The library takes constant text only, and has one way around. It is for names of tables and
/// triggers where a whole database is copied, and for test beds; never for a request.
#[test]
fn in_10_no_statement_of_a_request_is_put_together_from_text() {
    let exempt = ["src/transfer/", "src/bed.rs", "src/sqlite/plans.rs"];
    let around = lines_with(&sources(), "AssertSqlSafe");
    let around: Vec<_> =
        around.iter().filter(|line| !exempt.iter().any(|place| line.contains(place))).collect();
    assert!(around.is_empty(), "{around:?}");
}

/// A secret is looked up by its hash. Its type has no `==`, and nobody takes it out to compare it.
#[test]
fn tk_14_no_secret_is_compared_as_text() {
    let taken_out = lines_with(&sources(), "expose_secret()");
    assert!(taken_out.len() > 10, "{}", taken_out.len());
    let compared = |line: &&String| line.contains("==") || line.contains("!=");
    let compared: Vec<_> = taken_out.iter().filter(compared).collect();
    assert!(compared.is_empty(), "{compared:?}");
}

#[test]
fn vk_08_the_key_inventory_names_every_secret_setting() {
    let text = fs::read_to_string(root().join("docs/security.md")).unwrap();
    let inventory = text.split("\n## ").find(|section| section.starts_with("Keys")).unwrap();
    let sample = fs::read_to_string(root().join(".env.example")).unwrap();
    let names = sample.lines().filter_map(|line| line.trim_start_matches("# ").split_once('='));
    let is_secret = |name: &&str| {
        ["KEY", "SECRET", "TOKEN", "AUTHORIZATION"].iter().any(|word| name.ends_with(word))
    };
    let secrets: Vec<_> = names.map(|(name, _)| name).filter(is_secret).collect();
    assert!(secrets.len() >= 6, "{secrets:?}");
    for name in secrets {
        assert!(inventory.contains(&format!("| `{name}` |")), "{name} is not in the inventory");
    }
}

#[test]
fn st_02_the_demo_listens_on_this_machine_only() {
    let output = Command::new(env!("CARGO_BIN_EXE_phr")).args(["demo", "--help"]).output().unwrap();
    let help = String::from_utf8(output.stdout).unwrap();
    assert!(help.contains("127.0.0.1"), "{help}");
    for option in ["--listen", "--host", "--bind", "--address"] {
        assert!(!help.contains(option), "{option}");
        let refused = Command::new(env!("CARGO_BIN_EXE_phr"))
            .args(["demo", "--once", option, "0.0.0.0"])
            .output()
            .unwrap();
        assert!(!refused.status.success(), "{option}");
    }
}
