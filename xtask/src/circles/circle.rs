//! An import, and imports that make a circle.

use std::collections::BTreeSet;
use std::fmt;
use std::path::PathBuf;

/// One file imports from another.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Import {
    /// The importing file, from the root of the repository.
    pub from: PathBuf,
    /// Its line, counted from 1.
    pub line: usize,
    /// The file that defines what is imported.
    pub to: PathBuf,
}

/// Nodes of a folder that import each other in a circle.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Circle {
    /// The folder, from the root of the repository.
    pub folder: PathBuf,
    /// Its nodes in the circle, by name.
    pub nodes: BTreeSet<String>,
    /// The imports that make it one.
    pub imports: Vec<Import>,
}

impl fmt::Display for Circle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let nodes: Vec<&str> = self.nodes.iter().map(String::as_str).collect();
        write!(f, "{}: {}", self.folder.display(), nodes.join(", "))?;
        for Import { from, line, to } in &self.imports {
            write!(f, "\n  {}:{line}: {}", from.display(), to.display())?;
        }
        Ok(())
    }
}
