//! Imports between files, as a graph for each folder, and its circles.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use super::circle::{Circle, Import};

/// Circles of every folder, the outermost folder first.
pub fn circles(imports: &[Import]) -> Vec<Circle> {
    let mut folders: BTreeMap<PathBuf, Vec<(String, String, &Import)>> = BTreeMap::new();
    for import in imports {
        for folder in import.from.ancestors().skip(1).filter(|folder| import.to.starts_with(folder)) {
            let (from, to) = (node(folder, &import.from), node(folder, &import.to));
            if from != to {
                folders.entry(folder.to_owned()).or_default().push((from, to, import));
            }
        }
    }
    folders.into_iter().flat_map(|(folder, edges)| of_folder(&folder, &edges)).collect()
}

/// What a file belongs to inside a folder: `alarm/plan.rs` to `alarm`, and so does `alarm.rs`.
fn node(folder: &Path, file: &Path) -> String {
    let first = file.strip_prefix(folder).ok().and_then(|inside| inside.iter().next()).map(Path::new);
    let name = first.and_then(Path::file_stem).unwrap_or_default();
    name.to_string_lossy().into_owned()
}

fn of_folder(folder: &Path, edges: &[(String, String, &Import)]) -> Vec<Circle> {
    let mut next: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for (from, to, _) in edges {
        next.entry(from).or_default().insert(to);
        next.entry(to).or_default();
    }
    let circle = |nodes: BTreeSet<&str>| {
        let inside =
            |(from, to, _): &&(String, String, &Import)| nodes.contains(from.as_str()) && nodes.contains(to.as_str());
        let mut imports: Vec<Import> = edges.iter().filter(inside).map(|(_, _, import)| (*import).clone()).collect();
        imports.sort();
        imports.dedup_by(|one, other| (&one.from, &one.to) == (&other.from, &other.to));
        Circle { folder: folder.to_owned(), nodes: nodes.iter().map(|node| (*node).to_owned()).collect(), imports }
    };
    components(&next).into_iter().filter(|nodes| nodes.len() > 1).map(circle).collect()
}

/// Tarjan's strongly connected components.
fn components<'a>(next: &BTreeMap<&'a str, BTreeSet<&'a str>>) -> Vec<BTreeSet<&'a str>> {
    let mut search =
        Search { next, index: BTreeMap::new(), low: BTreeMap::new(), stack: Vec::new(), found: Vec::new() };
    for node in next.keys() {
        if !search.index.contains_key(node) {
            search.visit(node);
        }
    }
    search.found
}

struct Search<'a, 'g> {
    next: &'g BTreeMap<&'a str, BTreeSet<&'a str>>,
    index: BTreeMap<&'a str, usize>,
    low: BTreeMap<&'a str, usize>,
    stack: Vec<&'a str>,
    found: Vec<BTreeSet<&'a str>>,
}

impl<'a> Search<'a, '_> {
    fn visit(&mut self, node: &'a str) -> usize {
        let own = self.index.len();
        self.index.insert(node, own);
        self.low.insert(node, own);
        self.stack.push(node);
        let mut low = own;
        for to in &self.next[node] {
            match self.index.get(to) {
                None => low = low.min(self.visit(to)),
                Some(index) if self.stack.contains(to) => low = low.min(*index),
                Some(_) => {}
            }
        }
        self.low.insert(node, low);
        if low == own {
            let at = self.stack.iter().position(|other| *other == node).unwrap_or_default();
            self.found.push(self.stack.split_off(at).into_iter().collect());
        }
        low
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn import(from: &str, to: &str) -> Import {
        Import { from: from.into(), line: 1, to: to.into() }
    }

    #[test]
    fn a_circle_of_files_is_found_and_what_only_hangs_on_it_is_not_part_of_it() {
        let imports = [
            import("a/plan.rs", "a/state.rs"),
            import("a/state.rs", "a/policy.rs"),
            import("a/policy.rs", "a/plan.rs"),
            import("a/apply.rs", "a/plan.rs"),
        ];
        let found = circles(&imports);
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].nodes, ["plan", "policy", "state"].map(str::to_owned).into());
        assert_eq!(found[0].imports.len(), 3);
    }

    #[test]
    fn folders_can_be_a_circle_without_any_circle_of_files() {
        let imports = [import("src/a/x.rs", "src/b/x.rs"), import("src/b/y.rs", "src/a/y.rs")];
        let found = circles(&imports);
        assert_eq!(found.len(), 1);
        assert_eq!((found[0].folder.as_path(), found[0].imports.len()), (Path::new("src"), 2));
    }

    #[test]
    fn a_file_and_the_folder_of_its_modules_are_one_node() {
        assert_eq!(circles(&[import("src/a.rs", "src/a/x.rs"), import("src/a/x.rs", "src/a.rs")]), []);
    }
}
