//! Documents use the words of the glossary and of AWS, and none of a dialect that an engineer on call has to translate.

use crate::links::documents;

/// Words and phrases that documents do not use, and what they say instead.
const INSTEAD: [(&str, &str); 16] = [
    ("rings", "in ALARM"),
    ("ringing", "in ALARM"),
    ("is told", "announced, sent, notified"),
    ("are told", "announced, sent, notified"),
    ("whoever", "the engineer, the team, the caller"),
    ("nobody", "no one of a named group, or the passive's real actor"),
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
];

/// The text between generated parts; what is generated is held where it is written.
fn by_hand(text: &str) -> String {
    let mut parts = text.split("<!-- generated: ");
    let first = parts.next().unwrap_or_default().to_owned();
    first + &parts.filter_map(|part| Some(part.split_once("<!-- end -->")?.1)).collect::<String>()
}

#[test]
fn documents_use_plain_words() {
    let mut found = Vec::new();
    for (path, text) in documents() {
        for (number, line) in by_hand(&text).lines().enumerate() {
            let line = format!(" {} ", line.to_lowercase().replace(|letter: char| !letter.is_alphanumeric(), " "));
            let words = INSTEAD.iter().filter(|(word, _)| line.contains(&format!(" {word} ")));
            found.extend(words.map(|(word, instead)| {
                format!("{}: about line {}: `{word}`: write {instead}", path.display(), number + 1)
            }));
        }
    }
    assert!(found.is_empty(), "{}", found.join("\n"));
}
