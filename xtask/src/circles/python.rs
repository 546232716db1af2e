//! Imports of Python modules that lie beside each other.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use super::circle::Import;

/// Every import between modules of the same folder, those inside of functions too. Hidden folders and those of compiled
/// or installed code are left out.
pub fn imports(root: &Path) -> Result<Vec<Import>> {
    let mut found = Vec::new();
    let mut open = vec![PathBuf::new()];
    while let Some(folder) = open.pop() {
        let place = root.join(&folder);
        let mut sources = Vec::new();
        for entry in fs::read_dir(&place).with_context(|| format!("read {}", place.display()))? {
            let entry = entry?;
            let (path, name) = (entry.path(), entry.file_name().to_string_lossy().into_owned());
            if entry.file_type()?.is_dir() {
                let foreign = name.starts_with('.') || ["node_modules", "target"].contains(&name.as_str());
                open.extend(Some(folder.join(name)).filter(|_| !foreign));
            } else if let Some(name) = name.strip_suffix(".py") {
                let text = fs::read_to_string(&path).with_context(|| format!("read {}", path.display()))?;
                sources.push((name.to_owned(), text));
            }
        }
        found.extend(beside(&folder, &sources));
    }
    Ok(found)
}

/// Every import between the modules of one folder.
fn beside(folder: &Path, sources: &[(String, String)]) -> Vec<Import> {
    let names: BTreeSet<&str> = sources.iter().map(|(name, _)| name.as_str()).collect();
    let file = |name: &str| folder.join(format!("{name}.py"));
    let mut found = Vec::new();
    for (name, text) in sources {
        for (number, line) in text.lines().enumerate() {
            let to = imported(line).into_iter().filter(|to| names.contains(to) && to != name);
            found.extend(to.map(|to| Import { from: file(name), line: number + 1, to: file(to) }));
        }
    }
    found
}

/// Modules that a line imports, without the packages they lie in.
fn imported(line: &str) -> Vec<&str> {
    let line = line.trim_start();
    let first = |text: &str| -> usize { text.find([' ', '.', ',']).unwrap_or(text.len()) };
    let rest = match line.strip_prefix("from ").map(|rest| rest.trim_start_matches('.')) {
        // `from . import a, b`: the modules are what is imported.
        Some(rest) if rest.starts_with(' ') => rest.trim_start().strip_prefix("import "),
        Some(rest) => return vec![&rest[..first(rest)]],
        None => line.strip_prefix("import "),
    };
    let Some(rest) = rest else { return Vec::new() };
    rest.split(',').map(str::trim_start).map(|module| &module[..first(module)]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_is_read_wherever_it_stands() {
        assert_eq!(imported("import ecs, tasks as running"), ["ecs", "tasks"]);
        assert_eq!(imported("    from server import ACCOUNT"), ["server"]);
        assert_eq!(imported("from ministack.services import ecs"), ["ministack"]);
        assert_eq!(imported("from . import ecs, tasks"), ["ecs", "tasks"]);
        assert_eq!(imported("from .ecs import cluster"), ["ecs"]);
        assert!(imported("important = 1").is_empty());
    }
}
