//! Facts under a heading.

use serde::{Deserialize, Serialize};

use super::text::line;

/// Facts under a heading.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Section {
    /// The heading.
    pub title: String,
    /// Label and value, in the order they are read.
    pub facts: Vec<(String, String)>,
}

impl Section {
    /// A blank line, the heading and its facts, indented and aligned.
    pub(super) fn text(&self) -> String {
        format!("\n{}\n{}", line(&self.title), aligned(&self.facts, "  "))
    }

    /// The same for chat: the heading in bold, one fact an item.
    pub(super) fn markdown(&self) -> String {
        let facts: String =
            self.facts.iter().map(|(label, value)| format!("\n- {}  {}", line(label), line(value))).collect();
        format!("\n*{}*{facts}", line(&self.title))
    }
}

/// One line a fact, the values below each other.
pub(super) fn aligned(facts: &[(String, String)], indent: &str) -> String {
    let facts: Vec<_> = facts.iter().map(|(label, value)| (line(label), line(value))).collect();
    let width = facts.iter().map(|(label, _)| label.chars().count()).max().unwrap_or(0);
    facts.iter().map(|(label, value)| format!("{indent}{label:width$}  {value}\n")).collect()
}
