//! Which gateway methods a function calls, and so which actions it needs.
//!
//! Read from the sources, not from the types: a gateway is called through a field or parameter that is declared with its
//! type (`ecs: Ecs`, `sns: &Sns`), and each of its methods names the actions it needs (``Requires `ecs:UpdateService`.``).
//! A call that is hidden from this, by another way to a gateway, shows as an action that no function needs.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// A method, by its type and its name.
type Method = (String, String);

/// Every method of the gateways and of the ledger, and what it needs and calls itself.
pub struct Gateways {
    methods: BTreeMap<Method, Needs>,
}

#[derive(Default)]
struct Needs {
    actions: BTreeSet<String>,
    calls: BTreeSet<Method>,
}

impl Gateways {
    /// Reads `shared`.
    pub fn read() -> Gateways {
        let shared = crate::root().join("shared/src");
        let mut sources = sources(&shared.join("aws"));
        let own =
            ["ledger.rs", "runtime/function.rs", "runtime/invocation.rs", "runtime/outbox.rs", "runtime/peers.rs"];
        sources.extend(own.map(|file| source(&shared.join(file))));
        let mut gateways = Gateways { methods: BTreeMap::new() };
        // Types first: a body can only be read when all of them are known.
        let found: Vec<(Method, String, String)> = sources.iter().flat_map(|source| methods(source)).collect();
        for (method, _, _) in &found {
            gateways.methods.insert(method.clone(), Needs::default());
        }
        let whole = sources.join("\n");
        let names = gateways.names(&whole);
        for (method, doc, body) in found {
            let mut calls = gateways.called(&names, &body);
            let own = |name: &&Method| name.0 == method.0 && body.contains(&format!("self.{}(", name.1));
            calls.extend(gateways.methods.keys().filter(own).cloned());
            let actions = doc.lines().filter_map(required).map(str::to_owned).collect();
            gateways.methods.insert(method, Needs { actions, calls });
        }
        gateways
    }

    /// Every action that a function needs, by the sources of its crate and of the loop around it, if it has one.
    pub fn needed_by(&self, function: &str) -> BTreeSet<String> {
        let runtime = crate::root().join("shared/src/runtime");
        let mut sources = sources(&crate::root().join("functions").join(function).join("src"));
        if sources.iter().any(|source| source.contains("Runtime<")) {
            sources.extend(["reconcile.rs", "configuration/mod.rs"].map(|file| source(&runtime.join(file))));
        }
        let body = sources.join("\n");
        // Functions reach the ledger through what the loop hands them.
        let declarations = format!("{body}\n{}", source(&runtime.join("outbox.rs")));
        let mut open: Vec<Method> = self.called(&self.names(&declarations), &body).into_iter().collect();
        let (mut seen, mut actions) = (BTreeSet::new(), BTreeSet::new());
        while let Some(method) = open.pop() {
            if seen.insert(method.clone()) {
                let needs = &self.methods[&method];
                actions.extend(needs.actions.iter().cloned());
                open.extend(needs.calls.iter().cloned());
            }
        }
        actions
    }

    /// Names that `declarations` gives each type of ours: `ecs: Ecs`, `sns: &Sns`.
    fn names<'a>(&self, declarations: &'a str) -> BTreeSet<(String, &'a str)> {
        let types: BTreeSet<&str> = self.methods.keys().map(|(kind, _)| kind.as_str()).collect();
        let mut names = BTreeSet::new();
        for kind in types {
            for by in ["", "&", "&'a ", "&'d "] {
                let declaration = format!(": {by}{kind}");
                for (at, _) in declarations.match_indices(&declaration) {
                    let ends = !declarations[at + declaration.len()..].starts_with(|c| is_word(c) || c == ':');
                    if let Some(name) = words_backwards(&declarations[..at]).filter(|_| ends) {
                        names.insert((kind.to_owned(), name));
                    }
                }
            }
        }
        names
    }

    /// Methods that `body` calls, through names that have a type of ours.
    fn called(&self, names: &BTreeSet<(String, &str)>, body: &str) -> BTreeSet<Method> {
        let mut called = BTreeSet::new();
        for (kind, name) in names {
            for (at, _) in body.match_indices(&format!("{name}.")) {
                let whole = !body[..at].ends_with(is_word);
                let method = words(&body[at + name.len() + 1..]).next().unwrap_or_default();
                let method = (kind.clone(), method.to_owned());
                if whole && self.methods.contains_key(&method) {
                    called.insert(method);
                }
            }
        }
        called
    }
}

/// Each method of each type: who, its documentation, its body.
fn methods(source: &str) -> Vec<(Method, String, String)> {
    let (mut kind, mut doc, mut found) = (String::new(), String::new(), Vec::new());
    let mut lines = source.lines();
    while let Some(line) = lines.next() {
        if let Some(rest) = line.strip_prefix("impl").filter(|rest| rest.starts_with([' ', '<'])) {
            // `impl<F: Function> Invocation<'_, F> {`
            let rest = if rest.starts_with('<') { rest.split_once("> ").map_or("", |(_, rest)| rest) } else { rest };
            kind = words(rest).next().unwrap_or_default().to_owned();
        } else if let Some(rest) = ["    pub async fn ", "    pub(super) async fn ", "    async fn "]
            .iter()
            .find_map(|start| line.strip_prefix(start))
        {
            let name = words(rest).next().unwrap_or_default().to_owned();
            let body: Vec<&str> = lines.by_ref().take_while(|line| *line != "    }").collect();
            found.push(((kind.clone(), name), std::mem::take(&mut doc), body.join("\n")));
        } else if let Some(text) = line.strip_prefix("    ///") {
            doc = format!("{doc}{}\n", text.trim());
        } else {
            doc.clear();
        }
    }
    found
}

fn required(line: &str) -> Option<&str> {
    line.strip_prefix("Requires `")?.split_once('`').map(|(action, _)| action)
}

/// Sources below a folder, without their tests, and with broken chains of calls joined.
fn sources(folder: &Path) -> Vec<String> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).expect("a folder of sources") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            found.extend(sources(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(source(&path));
        }
    }
    found
}

fn source(path: &Path) -> String {
    let text = std::fs::read_to_string(path).expect("a source");
    let code = text.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default();
    let mut joined = String::new();
    for line in code.lines() {
        match line.trim_start().strip_prefix('.') {
            Some(rest) => joined = format!("{}.{rest}\n", joined.trim_end()),
            None => joined = format!("{joined}{line}\n"),
        }
    }
    joined
}

/// The word that a text ends with.
fn words_backwards(text: &str) -> Option<&str> {
    let start = text.rfind(|letter| !is_word(letter)).map_or(0, |at| at + 1);
    Some(&text[start..]).filter(|word| !word.is_empty())
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|letter| !is_word(letter)).filter(|word| !word.is_empty())
}

fn is_word(letter: char) -> bool {
    letter.is_alphanumeric() || letter == '_'
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_function_needs_what_the_ledger_and_its_gateways_need() {
        let gateways = Gateways::read();
        let source = "struct App { ecs: Ecs, ledger: Ledger, sns: &Sns }\nself.app.ecs.services(ids); self.ledger.load::<T>(id);";
        let called = gateways.called(&gateways.names(source), source);
        let expected = [("Ecs", "services"), ("Ledger", "load")];
        assert_eq!(called, expected.map(|(kind, name)| (kind.to_owned(), name.to_owned())).into());
        let change = &gateways.methods[&("Ledger".to_owned(), "change".to_owned())];
        assert_eq!(change.calls.iter().map(|(_, name)| name.as_str()).collect::<Vec<_>>(), ["load", "save"]);
        let load = &gateways.methods[&("Ledger".to_owned(), "load".to_owned())];
        assert_eq!(load.calls, BTreeSet::from([("DynamoDb".to_owned(), "get".to_owned())]));
    }
}
