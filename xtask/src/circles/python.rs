//! Imports of Python modules that lie beside each other.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result};

use super::circle::Import;

/// Every import between the modules of a folder, those inside of functions too.
pub fn imports(root: &Path, folder: &Path) -> Result<Vec<Import>> {
    let mut sources = Vec::new();
    let place = root.join(folder);
    for entry in fs::read_dir(&place).with_context(|| format!("read {}", place.display()))? {
        let path = entry?.path();
        if let Some(name) = path.file_name().and_then(|name| name.to_str()?.strip_suffix(".py")) {
            let text = fs::read_to_string(&path).with_context(|| format!("read {}", path.display()))?;
            sources.push((name.to_owned(), text));
        }
    }
    let names: BTreeSet<&str> = sources.iter().map(|(name, _)| name.as_str()).collect();
    let file = |name: &str| folder.join(format!("{name}.py"));
    let mut found = Vec::new();
    for (name, text) in &sources {
        for (number, line) in text.lines().enumerate() {
            let to = imported(line).into_iter().filter(|to| names.contains(to) && to != name);
            found.extend(to.map(|to| Import { from: file(name), line: number + 1, to: file(to) }));
        }
    }
    Ok(found)
}

/// Modules that a line imports, without the packages they lie in.
fn imported(line: &str) -> Vec<&str> {
    let line = line.trim_start();
    let first = |text: &str| -> usize { text.find([' ', '.', ',']).unwrap_or(text.len()) };
    if let Some(rest) = line.strip_prefix("from ") {
        return vec![&rest[..first(rest)]];
    }
    let Some(rest) = line.strip_prefix("import ") else { return Vec::new() };
    rest.split(',').map(str::trim_start).map(|module| &module[..first(module)]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_forms_are_read_wherever_they_stand() {
        assert_eq!(imported("import ecs, tasks as running"), ["ecs", "tasks"]);
        assert_eq!(imported("    from server import ACCOUNT"), ["server"]);
        assert_eq!(imported("from ministack.services import ecs"), ["ministack"]);
        assert!(imported("important = 1").is_empty());
    }
}
