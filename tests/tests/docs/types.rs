//! Types of documents that people write, read from their sources: doc comments are what the documentation says.

/// A type that is read from a document.
pub struct Type {
    /// Its doc comment.
    pub doc: String,
    /// Its fields, or the values it may have.
    pub fields: Vec<Field>,
    /// Is it one of several values?
    pub choice: bool,
    /// Is it read from a text?
    pub text: bool,
    /// Is it written to JSON too?
    pub written: bool,
    /// The planner it belongs to.
    pub folder: String,
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

/// Types of documents, found by their names.
pub struct Types(Vec<(String, Type)>);

impl Types {
    /// Every type below `planner/src` that is read from JSON.
    pub fn read() -> Types {
        let root = tests::root().join("planner/src");
        let (mut open, mut types) = (vec![root.clone()], Types(Vec::new()));
        while let Some(path) = open.pop() {
            if path.is_dir() {
                open.extend(std::fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().path()));
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let source = std::fs::read_to_string(&path).unwrap();
                let folder = path.strip_prefix(&root).unwrap().iter().next().unwrap().to_string_lossy().into_owned();
                types.parse(source.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default(), &folder);
            }
        }
        types
    }

    /// The type of this name, as a type of that folder means it: its own, or the model's. The fleet is put together from
    /// all of them. Of two, one that is only read is meant rather than one that the ledger writes too.
    pub fn get(&self, name: &str, folder: &str) -> Option<&Type> {
        let known = |own: &Type| own.folder == folder || own.folder == "model" || folder == "fleet";
        let found = self.0.iter().filter(|(own, kind)| own == name && known(kind)).map(|(_, own)| own);
        let best = found.max_by_key(|own| (own.folder == folder, !own.written))?;
        // What is read from a text has no fields of its own in a document.
        (!best.text).then_some(best)
    }

    fn parse(&mut self, source: &str, folder: &str) {
        let (mut doc, mut attributes) = (String::new(), String::new());
        let mut lines = source.lines();
        while let Some(line) = lines.next() {
            let head =
                line.strip_suffix(" {").map(|line| (line.strip_prefix("pub struct "), line.strip_prefix("pub enum ")));
            match head {
                Some((Some(name), _)) | Some((_, Some(name))) if attributes.contains("Deserialize") => {
                    let written = attributes.contains(" Serialize");
                    let choice = line.starts_with("pub enum");
                    let fields = body(&mut lines, choice, attributes.contains(", default)"));
                    let text = attributes.contains("try_from");
                    let own = Type { doc: doc.clone(), fields, choice, text, written, folder: folder.to_owned() };
                    self.0.push((name.to_owned(), own));
                }
                _ if note(line, &mut doc, &mut attributes) => continue,
                _ => {}
            }
            doc.clear();
            attributes.clear();
        }
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
