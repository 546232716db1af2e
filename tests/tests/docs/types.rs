//! Types of documents that people write, read from their sources: doc comments are what the documentation says.

use std::collections::BTreeMap;
use std::path::PathBuf;

/// A type that is read from a document.
pub struct Type {
    /// Its doc comment.
    pub doc: String,
    /// Its fields, or the values it may have.
    pub fields: Vec<Field>,
    /// Is it one of several values?
    pub choice: bool,
}

/// A field, or one value of several.
pub struct Field {
    /// Its name, as the document has it.
    pub name: String,
    /// Its doc comment.
    pub doc: String,
    /// Its type, as the source has it; empty for a value without anything in it.
    pub kind: String,
    /// May it be left out?
    pub optional: bool,
}

/// Those of a source, or of every source of a folder, by name.
pub fn of(path: &str) -> BTreeMap<String, Type> {
    let path = tests::root().join(path);
    let mut files: Vec<PathBuf> = vec![path.clone()];
    if path.is_dir() {
        files = std::fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().path()).collect();
    }
    let mut types = BTreeMap::new();
    for file in files.iter().filter(|file| file.extension().is_some_and(|extension| extension == "rs")) {
        let source = std::fs::read_to_string(file).unwrap();
        parse(source.split("#[cfg(test)]").next().unwrap_or_default(), &mut types);
    }
    types
}

fn parse(source: &str, types: &mut BTreeMap<String, Type>) {
    let (mut doc, mut attributes) = (String::new(), String::new());
    let mut lines = source.lines();
    while let Some(line) = lines.next() {
        let head =
            line.strip_suffix(" {").map(|line| (line.strip_prefix("pub struct "), line.strip_prefix("pub enum ")));
        match head {
            Some((Some(name), _)) | Some((_, Some(name))) if attributes.contains("Deserialize") => {
                let choice = line.starts_with("pub enum");
                let fields = body(&mut lines, choice, attributes.contains(", default)"));
                // What is read from a text has no fields that anybody writes.
                if !attributes.contains("try_from") {
                    let twice = types.insert(name.to_owned(), Type { doc: doc.clone(), fields, choice });
                    assert!(twice.is_none(), "two types are called {name}");
                }
            }
            _ if note(line, &mut doc, &mut attributes) => continue,
            _ => {}
        }
        doc.clear();
        attributes.clear();
    }
}

fn body<'a>(lines: &mut impl Iterator<Item = &'a str>, choice: bool, all_optional: bool) -> Vec<Field> {
    let (mut doc, mut attributes) = (String::new(), String::new());
    let mut fields = Vec::new();
    for line in lines.take_while(|line| *line != "}") {
        let line = line.trim();
        if note(line, &mut doc, &mut attributes) {
            continue;
        }
        let (name, kind) = match choice {
            true => line.trim_end_matches(',').split_once('(').unwrap_or((line.trim_end_matches(','), "")),
            false => line.trim_start_matches("pub ").trim_end_matches(',').split_once(": ").unwrap_or((line, "")),
        };
        let name = if choice { snake(name) } else { name.to_owned() };
        let optional = all_optional || attributes.contains("default");
        fields.push(Field { name, doc: doc.clone(), kind: kind.trim_end_matches(')').to_owned(), optional });
        doc.clear();
        attributes.clear();
    }
    fields
}

/// Takes a line of a doc comment or an attribute.
fn note(line: &str, doc: &mut String, attributes: &mut String) -> bool {
    let line = line.trim();
    if let Some(text) = line.strip_prefix("///") {
        *doc = format!("{doc} {}", text.trim()).trim().to_owned();
    } else if line.starts_with("#[") {
        attributes.push_str(line);
    }
    line.starts_with("///") || line.starts_with("#[")
}

fn snake(name: &str) -> String {
    tests::document::words(name).replace(' ', "_").to_lowercase()
}
