//! Imports between the files of a crate, read from its sources.
//!
//! Paths that begin with `crate`, `self`, `super` or a module of the same file count, in `use` and in code alike; files of
//! tests too, but not the tests inside of another file. Macros and paths through `Self` are not followed.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use super::circle::Import;
use super::source::{Source, Use};

/// A re-export leads to a re-export at most so often.
const DEPTH: usize = 8;

/// The modules of a crate, by their paths.
pub struct Crate(BTreeMap<Vec<String>, Module>);

struct Module {
    file: PathBuf,
    source: Source,
}

/// Every crate of the workspace, and every test program of several files.
pub fn crates(root: &Path) -> Result<Vec<Crate>> {
    let mut places = Vec::new();
    for folder in ["", "functions", "tests/tests"] {
        let folder = root.join(folder);
        for entry in fs::read_dir(&folder).with_context(|| format!("read {}", folder.display()))? {
            let place = entry?.path();
            places.extend([place.join("src"), place].into_iter().find(|place| top(place).is_some()));
        }
    }
    places.sort();
    places.iter().map(|place| Crate::read(root, place)).collect()
}

/// The file that a crate begins with.
fn top(place: &Path) -> Option<PathBuf> {
    ["lib.rs", "main.rs"].map(|name| place.join(name)).into_iter().find(|file| file.is_file())
}

impl Crate {
    fn read(root: &Path, place: &Path) -> Result<Crate> {
        let mut modules = Crate(BTreeMap::new());
        let mut open = vec![(place.to_owned(), Vec::new())];
        while let Some((folder, path)) = open.pop() {
            for entry in fs::read_dir(&folder).with_context(|| format!("read {}", folder.display()))? {
                let file = entry?.path();
                let name = file.file_stem().unwrap_or_default().to_string_lossy().into_owned();
                let below = [path.clone(), vec![name.clone()]].concat();
                if file.is_dir() {
                    open.push((file, below));
                } else if file.extension().is_some_and(|extension| extension == "rs") {
                    let own = name == "mod" || top(place).as_ref() == Some(&file);
                    // Beside a library, `main.rs` is a crate of its own, of one file.
                    if own || folder != place || name != "main" {
                        modules.add(root, &file, if own { path.clone() } else { below })?;
                    }
                }
            }
        }
        Ok(modules)
    }

    fn add(&mut self, root: &Path, file: &Path, path: Vec<String>) -> Result<()> {
        let text = fs::read_to_string(file).with_context(|| format!("read {}", file.display()))?;
        let file = file.strip_prefix(root).unwrap_or(file).to_owned();
        self.0.insert(path, Module { file, source: Source::parse(&text) });
        Ok(())
    }

    /// Every import of a file from another file of the crate.
    pub fn imports(&self) -> Vec<Import> {
        let mut found = Vec::new();
        for (path, module) in &self.0 {
            let uses = module.source.uses.iter().filter(|own| !own.public).map(|own| (&own.path, own.line));
            let paths = module.source.paths.iter().map(|(path, line)| (path, *line));
            for (to, line) in uses.chain(paths) {
                let to = self.resolve(path, to, DEPTH).filter(|to| *to != path).and_then(|to| self.0.get(to));
                found.extend(to.map(|to| Import { from: module.file.clone(), line, to: to.file.clone() }));
            }
        }
        found
    }

    /// The module that defines what `path` names inside of the module `own`.
    fn resolve(&self, own: &[String], path: &[String], depth: usize) -> Option<&Vec<String>> {
        let (first, mut rest) = path.split_first()?;
        let mut at = match first.as_str() {
            "crate" => Vec::new(),
            "self" => own.to_vec(),
            "super" => own.split_last()?.1.to_vec(),
            name => {
                let below = [own, &[name.to_owned()]].concat();
                if !self.0.contains_key(&below) {
                    return None;
                }
                below
            }
        };
        while let Some((name, after)) = rest.split_first() {
            let below = match name.as_str() {
                "super" => at.split_last()?.1.to_vec(),
                name => [at.as_slice(), &[name.to_owned()]].concat(),
            };
            if !self.0.contains_key(&below) {
                return self.item(&at, name, depth);
            }
            (at, rest) = (below, after);
        }
        self.0.get_key_value(&at).map(|(at, _)| at)
    }

    /// The module that defines an item which is known in the module `at`.
    fn item(&self, at: &[String], name: &str, depth: usize) -> Option<&Vec<String>> {
        let (own, module) = self.0.get_key_value(at)?;
        let depth = depth.checked_sub(1)?;
        let named = module.source.uses.iter().find(|used| used.name == name);
        if let Some(Use { path, .. }) = named {
            return self.resolve(at, path, depth).or(Some(own));
        }
        if module.source.defines.contains(name) {
            return Some(own);
        }
        let globs = module.source.uses.iter().filter(|used| used.name == "*");
        let defined = globs.filter_map(|used| self.resolve(at, &used.path, depth));
        let mut defined = defined.filter(|to| self.0.get(*to).is_some_and(|to| to.source.defines.contains(name)));
        defined.next().or(Some(own))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn imports(files: &[(&str, &str)]) -> Vec<(String, usize, String)> {
        let mut modules = Crate(BTreeMap::new());
        for (file, text) in files {
            let mut path: Vec<String> = file.trim_end_matches(".rs").split('/').map(str::to_owned).collect();
            if path.last().is_some_and(|name| name == "mod" || name == "lib") {
                path.pop();
            }
            modules.0.insert(path, Module { file: file.into(), source: Source::parse(text) });
        }
        let text = |path: &Path| path.display().to_string();
        modules.imports().iter().map(|import| (text(&import.from), import.line, text(&import.to))).collect()
    }

    fn import(from: &str, line: usize, to: &str) -> (String, usize, String) {
        (from.to_owned(), line, to.to_owned())
    }

    #[test]
    fn an_import_through_a_re_export_leads_to_the_file_that_defines_it() {
        let found = imports(&[
            ("lib.rs", "pub mod a;\npub mod b;\n"),
            ("a/mod.rs", "mod x;\npub use x::{One, Two as Other};\n"),
            ("a/x.rs", "pub struct One;\npub struct Two;\n"),
            ("b.rs", "use crate::a::One;\n\nfn f(other: crate::a::Other) {}\n"),
        ]);
        assert_eq!(found, [import("b.rs", 1, "a/x.rs"), import("b.rs", 3, "a/x.rs")]);
    }

    #[test]
    fn what_a_folders_own_file_defines_is_imported_from_there() {
        let found = imports(&[
            ("lib.rs", "mod apply;\nuse apply::step;\npub struct App;\n"),
            ("apply.rs", "use crate::App;\npub fn step(app: &App) {}\n"),
        ]);
        assert_eq!(found, [import("lib.rs", 2, "apply.rs"), import("apply.rs", 1, "lib.rs")]);
    }

    #[test]
    fn other_crates_and_tests_inside_of_a_file_do_not_count() {
        let found = imports(&[
            ("lib.rs", "mod a;\nmod b;\n"),
            (
                "a.rs",
                "use std::fmt;\nuse planner::b::X;\n// crate::b::X\nconst T: &str = \"crate::b::X\";\n#[cfg(test)]\nmod tests {\n    use crate::b::X;\n}\n",
            ),
            ("b.rs", "pub struct X;\n"),
        ]);
        assert_eq!(found, []);
    }
}
