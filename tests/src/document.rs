//! Parts of documents that are written from the templates, and held to them.

use std::fmt::Write;

/// What brings every document up to date.
pub const COMMAND: &str = "UPDATE_DOCS=1 cargo test -p tests --test docs";

/// Holds the generated parts of a document against what they should be, or writes them when `update` is asked for.
///
/// A part stands between `<!-- generated: name -->` and `<!-- end -->`; everything else is written by hand.
pub fn hold(path: &str, parts: &[(&str, String)], update: bool) {
    let file = crate::root().join(path);
    let written = std::fs::read_to_string(&file).unwrap_or_else(|error| panic!("{path}: {error}"));
    let mut fresh = written.clone();
    for (name, text) in parts {
        fresh = replace(&fresh, name, text).unwrap_or_else(|| panic!("{path}: no part `{}`", begin(name)));
    }
    let known = written.matches(&begin("")[..GENERATED.len()]).count();
    assert_eq!(known, parts.len(), "{path}: a part that nothing generates");
    if fresh == written {
        return;
    }
    if update {
        std::fs::write(&file, fresh).unwrap_or_else(|error| panic!("{path}: {error}"));
        return;
    }
    let lines = written.lines().zip(fresh.lines()).enumerate();
    let (at, (old, new)) =
        lines.into_iter().find(|(_, (old, new))| old != new).unwrap_or((0, ("", "more or fewer lines")));
    panic!(
        "{path}:{}: is out of date\n  it says   {old}\n  should be {new}\nBring it up to date with\n  {COMMAND}\n",
        at + 1
    );
}

const GENERATED: &str = "<!-- generated: ";

fn begin(name: &str) -> String {
    format!("{GENERATED}{name} -->")
}

fn replace(document: &str, name: &str, text: &str) -> Option<String> {
    let (before, rest) = document.split_once(&begin(name))?;
    let (_, after) = rest.split_once("<!-- end -->")?;
    Some(format!("{before}{}\n\n{}\n\n<!-- end -->{after}", begin(name), text.trim()))
}

/// A table in Markdown.
pub fn table(head: &[&str], rows: impl IntoIterator<Item = Vec<String>>) -> String {
    let mut text = format!("| {} |\n|{}\n", head.join(" | "), "---|".repeat(head.len()));
    for row in rows {
        assert_eq!(row.len(), head.len(), "{row:?}");
        let cells: Vec<String> = row.iter().map(|cell| cell.replace('|', "\\|").replace('\n', " ")).collect();
        // Writing to a text cannot fail.
        let _ = writeln!(text, "| {} |", cells.join(" | "));
    }
    text
}

/// Code within a line.
pub fn code(text: &str) -> String {
    format!("`{text}`")
}

/// `PassRolesToTasks` in words: "Pass roles to tasks".
pub fn words(name: &str) -> String {
    let mut text = String::new();
    for letter in name.chars() {
        if letter.is_uppercase() && !text.is_empty() {
            text.push(' ');
            text.extend(letter.to_lowercase());
        } else {
            text.push(letter);
        }
    }
    text
}

/// Words that are written so wherever they stand.
const NAMES: [&str; 8] = ["AWS", "CDN", "CPU", "ECR", "ECS", "SNS", "Spot", "SQS"];

/// `a_day_that_went_well` as a heading: "A day that went well".
pub fn words_of(name: &str) -> String {
    let word = |word: &str| {
        NAMES.iter().find(|name| name.eq_ignore_ascii_case(word)).map_or(word.to_owned(), |name| (*name).to_owned())
    };
    let text = name.split('_').map(word).collect::<Vec<_>>().join(" ");
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_part_of_that_name_is_replaced() {
        let document = "a\n<!-- generated: one -->\nold\n<!-- end -->\nb\n<!-- generated: two -->\nold\n<!-- end -->\n";
        let fresh = replace(document, "two", "new\n").unwrap();
        assert_eq!(fresh, document.replacen("two -->\nold\n", "two -->\n\nnew\n\n", 1));
        assert_eq!(replace(&fresh, "two", "new").as_deref(), Some(fresh.as_str()), "twice is once");
        assert_eq!(replace(document, "three", "new"), None);
    }

    #[test]
    fn names_become_words() {
        assert_eq!(words("ReadImagesAndMoveTags"), "Read images and move tags");
        assert_eq!(words_of("a_day_that_went_well"), "A day that went well");
        assert_eq!(words_of("no_spot_capacity_and_high_cpu"), "No Spot capacity and high CPU");
    }
}
