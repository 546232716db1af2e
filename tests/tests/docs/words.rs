//! Documents, templates and sources use the words of the glossary and of AWS, and none of a dialect that an engineer on
//! call has to translate.

use std::path::PathBuf;

use crate::links::documents;

/// Words and phrases that are not used, and what stands instead.
const INSTEAD: [(&str, &str); 27] = [
    ("rings", "in ALARM"),
    ("ringing", "in ALARM"),
    ("told", "announced, named, distinguished"),
    ("news", "what changed, an announcement"),
    ("whoever", "the engineer, the team, the caller"),
    ("nobody", "no function, no invocation, no one"),
    ("somebody", "an engineer, another stack, another caller"),
    ("by itself", "the actor: ECS, the automation, CloudFormation"),
    ("by themselves", "the actor: ECS, the automation, CloudFormation"),
    ("all the same", "anyway, regardless of"),
    ("in its hands", "is handling"),
    ("gone back to", "rolled back to"),
    ("what runs", "the running release, the running tasks"),
    ("it is night", "scheduled downtime"),
    ("hands off", "hold"),
    ("put to bed", "scaled to zero"),
    ("put to sleep", "scaled to zero"),
    ("no longer asks for", "no longer sets, no longer names"),
    ("asked for it to", "requested, by whom and what"),
    ("goes off", "enters ALARM"),
    ("comes home", "is forwarded to the region of the system"),
    ("crosses out", "removes"),
    ("did not live", "ended before"),
    ("has a ceiling", "may run fewer tasks"),
    ("moves nothing", "changes nothing, leaves unchanged"),
    ("is rolled because", "is rolled out because"),
    ("without coming to rest", "not finished after"),
];

/// Every text that an engineer reads: documents, templates, stories, sources with their comments and messages.
fn texts() -> Vec<(PathBuf, String)> {
    let root = tests::root();
    let mut found = documents();
    let places =
        ["template.yaml", "infra", "planner", "shared", "functions", "simulation", "tests", "xtask", ".github"];
    let mut open: Vec<PathBuf> = places.iter().map(|place| root.join(place)).collect();
    let made = ["target", "node_modules", "proptest-regressions"];
    while let Some(path) = open.pop() {
        let name = path.file_name().unwrap_or_default();
        if path.is_dir() && !made.iter().any(|made| name == *made) {
            open.extend(std::fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().path()));
        } else if path
            .extension()
            .is_some_and(|own| ["rs", "yaml", "yml", "py", "toml", "txt"].iter().any(|kind| own == *kind))
        {
            // This one has the words themselves.
            if !path.ends_with("docs/words.rs") {
                found.push((path.strip_prefix(root).unwrap().to_owned(), std::fs::read_to_string(&path).unwrap()));
            }
        }
    }
    assert!(found.len() > 300, "texts are read as expected");
    found
}

#[test]
fn documents_templates_and_sources_use_plain_words() {
    let mut found = Vec::new();
    for (path, text) in texts() {
        for (number, line) in text.lines().enumerate() {
            let line = format!(" {} ", line.to_lowercase().replace(|letter: char| !letter.is_alphanumeric(), " "));
            let words = INSTEAD.iter().filter(|(word, _)| line.contains(&format!(" {word} ")));
            found.extend(
                words.map(|(word, instead)| format!("{}:{}: `{word}`: write {instead}", path.display(), number + 1)),
            );
        }
    }
    assert!(found.is_empty(), "{}", found.join("\n"));
}
