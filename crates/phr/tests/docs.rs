//! The documentation holds what it promises: its links lead somewhere, the commands it names exist,
//! and so do the files.

#![expect(clippy::unwrap_used, reason = "a test may fail where it stands")]

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
    process::Command,
};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).unwrap().to_path_buf()
}

/// Every page with its text: those at the root and those in `docs`.
fn pages() -> Vec<(PathBuf, String)> {
    let folders = [root(), root().join("docs")];
    let entries = folders.iter().flat_map(|folder| fs::read_dir(folder).unwrap());
    let paths = entries.map(|entry| entry.unwrap().path());
    let pages = paths.filter(|path| path.extension().is_some_and(|extension| extension == "md"));
    pages.map(|path| (path.clone(), fs::read_to_string(path).unwrap())).collect()
}

/// Targets of `[text](target)`.
fn links(text: &str) -> impl Iterator<Item = &str> {
    text.split("](").skip(1).filter_map(|rest| rest.split(')').next())
}

/// What a heading is called in links: lower case, words joined by hyphens.
fn anchor(heading: &str) -> String {
    let kept = heading.trim().chars().filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-'));
    kept.map(|c| if c == ' ' { '-' } else { c }).flat_map(char::to_lowercase).collect()
}

fn anchors(text: &str) -> BTreeSet<String> {
    let headings = text.lines().filter(|line| line.starts_with('#'));
    headings.map(|line| anchor(line.trim_start_matches('#'))).collect()
}

/// What is wrong with a link of `page`, if anything.
fn fault(page: &Path, text: &str, link: &str) -> Option<String> {
    if link.starts_with("http://") || link.starts_with("https://") {
        return None;
    }
    let (file, heading) = link.split_once('#').unwrap_or((link, ""));
    let target = if file.is_empty() { page.to_path_buf() } else { page.parent()?.join(file) };
    let text =
        if file.is_empty() { Some(text.to_owned()) } else { fs::read_to_string(&target).ok() };
    let found = target.exists()
        && (heading.is_empty() || text.is_some_and(|text| anchors(&text).contains(heading)));
    (!found).then(|| format!("{}: {link}", page.display()))
}

#[test]
fn every_link_leads_somewhere() {
    let pages = pages();
    let faults: Vec<String> = pages
        .iter()
        .flat_map(|(page, text)| links(text).filter_map(|link| fault(page, text, link)))
        .collect();
    assert!(faults.is_empty(), "{}", faults.join("\n"));
    assert!(pages.len() > 8, "the pages were not found");
}

#[test]
fn a_broken_link_would_be_noticed() {
    let page = root().join("README.md");
    let text = "# Two commands\n";
    assert_eq!(fault(&page, text, "#two-commands"), None);
    assert!(fault(&page, text, "#three-commands").is_some());
    assert!(fault(&page, text, "docs/nothing.md").is_some());
}

#[test]
fn every_source_file_that_is_named_exists() {
    let is_path = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.' | '/');
    for (page, text) in pages() {
        for (at, _) in text.match_indices("crates/") {
            let path: String = text[at..].chars().take_while(|c| is_path(*c)).collect();
            let path = path.trim_end_matches('.');
            assert!(root().join(path).exists(), "{}: {path}", page.display());
        }
    }
}

/// What `--help` says about a command, if it exists.
fn help(arguments: &[&str]) -> Option<String> {
    let output = Command::new(env!("CARGO_BIN_EXE_phr")).args(arguments).arg("--help").output();
    let output = output.unwrap();
    output.status.success().then(|| String::from_utf8(output.stdout).unwrap())
}

/// What follows `phr ` or `-- ` at the beginning of a piece of code, word by word.
fn commands(text: &str) -> BTreeSet<Vec<String>> {
    let pieces = text.lines().flat_map(|line| line.split('`')).map(str::trim);
    let command = |piece: &str| {
        let cargo = piece.split_once("cargo run").and_then(|(_, rest)| rest.split_once(" -- "));
        let rest = cargo.map_or_else(|| piece.strip_prefix("phr "), |(_, rest)| Some(rest))?;
        // In a drawing, more space follows.
        let rest = Some(rest).filter(|rest| !rest.starts_with(' '))?;
        let words = rest.split_whitespace().take_while(|word| *word != "#" && *word != "|");
        Some(words.map(str::to_owned).collect())
    };
    pieces.filter_map(command).collect()
}

#[test]
fn every_command_that_is_named_exists_with_its_options() {
    let all: BTreeSet<_> = pages().iter().flat_map(|(_, text)| commands(text)).collect();
    for command in &all {
        let words = command.iter().map(String::as_str);
        let options: Vec<_> = words.clone().filter(|word| word.starts_with("--")).collect();
        // The command ends at its first option or argument; an option's value is no command.
        let is_word = |word: &&str| word.chars().all(|c| c.is_ascii_lowercase());
        let words: Vec<_> = words.take_while(is_word).collect();
        let text = help(&words).unwrap_or_else(|| panic!("there is no command {command:?}"));
        for option in options {
            let name = option.split('=').next().unwrap();
            assert!(text.contains(name), "{command:?} has no option {name}");
        }
    }
    assert!(all.len() > 8, "hardly any command was found: {all:?}");
}

#[test]
fn every_setting_is_described() {
    let described = fs::read_to_string(root().join("docs/configuration.md")).unwrap();
    let sample = fs::read_to_string(root().join(".env.example")).unwrap();
    let names = sample.lines().filter_map(|line| line.trim_start_matches("# ").split_once('='));
    let is_name = |name: &&str| name.chars().all(|c| c.is_ascii_uppercase() || c == '_');
    let names: Vec<_> = names.map(|(name, _)| name).filter(is_name).collect();
    assert!(names.len() > 10, "{names:?}");
    for name in names {
        assert!(described.contains(&format!("`{name}`")), "{name} is not described");
    }
}

/// The API reference and the document name the same addresses.
#[test]
fn every_endpoint_is_described() {
    let snapshot =
        "crates/phr-api/tests/it/snapshots/it__openapi__the_document_changes_only_on_purpose.snap";
    let document = fs::read_to_string(root().join(snapshot)).unwrap();
    let described = fs::read_to_string(root().join("docs/api.md")).unwrap();
    let quoted = document.lines().filter_map(|line| line.trim().strip_prefix("\"/"));
    let paths: BTreeSet<_> = quoted.filter_map(|rest| rest.strip_suffix("\": {")).collect();
    assert!(paths.len() > 15, "{paths:?}");
    for path in paths {
        assert!(described.contains(&format!("/{path}")), "/{path} is not described");
    }
}
