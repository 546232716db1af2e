//! Links between documents lead somewhere, and the index leads to every document.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// Every document of the repository: its path from the root, and its text.
pub fn documents() -> Vec<(PathBuf, String)> {
    let (root, mut found) = (tests::root(), Vec::new());
    let mut open = vec![root.join("docs"), root.join("xtask/emulator/GAPS.md")];
    let top = std::fs::read_dir(root).unwrap().map(|entry| entry.unwrap().path()).filter(|path| path.is_file());
    open.extend(top);
    while let Some(path) = open.pop() {
        if path.is_dir() {
            open.extend(std::fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().path()));
        } else if path.extension().is_some_and(|extension| extension == "md") {
            let text = std::fs::read_to_string(&path).unwrap();
            found.push((path.strip_prefix(root).unwrap().to_owned(), text));
        }
    }
    assert!(found.len() > 20, "documents are found as expected");
    found
}

/// Links to files of the repository: path as written, and the anchor, which may be empty.
fn links(text: &str) -> impl Iterator<Item = (&str, &str)> {
    let targets = text.split("](").skip(1).map(|rest| rest.split(')').next().unwrap_or_default());
    targets.filter(|target| !target.contains("://")).map(|target| target.split_once('#').unwrap_or((target, "")))
}

/// Anchors of a document, made from its headings as GitHub makes them.
fn anchors(text: &str) -> BTreeSet<String> {
    let headings = text.lines().filter(|line| line.starts_with('#')).map(|line| line.trim_start_matches('#').trim());
    let kept = |letter: &char| letter.is_alphanumeric() || matches!(letter, ' ' | '-' | '_');
    headings.map(|heading| heading.to_lowercase().chars().filter(kept).collect::<String>().replace(' ', "-")).collect()
}

#[test]
fn every_link_leads_to_a_file_and_a_heading() {
    let mut count = 0;
    for (path, text) in documents() {
        let folder = tests::root().join(path.parent().unwrap());
        for (target, anchor) in links(&text) {
            count += 1;
            let file = if target.is_empty() { tests::root().join(&path) } else { folder.join(target) };
            assert!(file.exists(), "{}: nothing is at {target}", path.display());
            if !anchor.is_empty() {
                let headings = anchors(&std::fs::read_to_string(&file).unwrap());
                assert!(headings.contains(anchor), "{}: no heading for {target}#{anchor}", path.display());
            }
        }
    }
    assert!(count > 40, "links are read as expected");
}

#[test]
fn the_index_leads_to_every_document() {
    let index = std::fs::read_to_string(tests::root().join("docs/README.md")).unwrap();
    let listed: BTreeSet<PathBuf> = links(&index).map(|(target, _)| Path::new("docs").join(target)).collect();
    let missing: Vec<PathBuf> = documents()
        .into_iter()
        .map(|(path, _)| path)
        .filter(|path| path.starts_with("docs") && !path.ends_with("README.md") && !listed.contains(path))
        .collect();
    assert!(missing.is_empty(), "docs/README.md does not list {missing:?}");
}

#[test]
fn the_readme_fits_on_two_screens() {
    let lines = std::fs::read_to_string(tests::root().join("README.md")).unwrap().lines().count();
    assert!(lines <= 120, "README.md: {lines} lines, at most 120");
}

#[test]
fn the_glossary_is_short() {
    let text = std::fs::read_to_string(tests::root().join("docs/architecture.md")).unwrap();
    let glossary = text.split("\n## Glossary\n").nth(1).expect("a glossary");
    let terms = glossary.split("\n## ").next().unwrap().lines().filter(|line| line.starts_with("| **")).count();
    assert!((20..=30).contains(&terms), "{terms} terms");
}
