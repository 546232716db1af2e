//! `cargo xtask circles`: import circles inside any folder of sources.
//!
//! Each folder is looked at on its own: its files, and its subfolders as one node each. An import counts between the two
//! nodes it goes from and to, whatever lies deeper. A re-export is no import; what is imported through one is traced to
//! the file that defines it. The file of a folder itself, `mod.rs` or `lib.rs`, is a node like any other, for what is
//! defined there.

mod circle;
mod graph;
mod python;
mod rust;
mod source;

use std::path::{Path, PathBuf};

use anyhow::{Result, bail};

pub use circle::{Circle, Import};

/// Finds every circle below the root of the repository.
///
/// # Errors
/// When a source cannot be read.
pub fn find(root: &Path) -> Result<Vec<Circle>> {
    let mut imports = Vec::new();
    for own in rust::crates(root)? {
        imports.extend(own.imports());
    }
    imports.extend(python::imports(root)?);
    Ok(graph::circles(&imports))
}

/// What `cargo xtask circles` is given.
#[derive(clap::Args)]
pub struct Args {
    /// Only circles below this folder, `planner/src`
    folder: Option<PathBuf>,
}

/// Prints every circle.
///
/// # Errors
/// When there is one.
pub fn run(args: &Args) -> Result<()> {
    let below = args.folder.as_deref().unwrap_or(Path::new(""));
    let circles: Vec<Circle> =
        find(&crate::tools::root())?.into_iter().filter(|circle| circle.folder.starts_with(below)).collect();
    for circle in &circles {
        println!("{circle}\n");
    }
    match circles.len() {
        0 => Ok(()),
        count => bail!("{count} import circles"),
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn a_circle_is_found_in_every_place_that_has_sources() {
        let root = std::env::temp_dir().join(format!("circles-{}", std::process::id()));
        let write = |file: String, text: &str| {
            let file = root.join(file);
            fs::create_dir_all(file.parent().unwrap()).unwrap();
            fs::write(file, text).unwrap();
        };
        let rust = ["a/src", "a/src/tests", "functions/b/src", "tests/src", "tests/tests/c"];
        for folder in rust {
            let top = if folder.ends_with("src") {
                "lib"
            } else if folder.ends_with("tests") {
                "mod"
            } else {
                "main"
            };
            write(format!("{folder}/{top}.rs"), "mod x;\nmod y;\n");
            write(format!("{folder}/x.rs"), "use super::y::Y;\npub struct X(Y);\n");
            write(format!("{folder}/y.rs"), "use super::x::X;\npub struct Y(Box<X>);\n");
        }
        write("a/emulator/x.py".to_owned(), "import y\n");
        write("a/emulator/y.py".to_owned(), "def f():\n    import x\n");
        write("a/.local/x.py".to_owned(), "import y\n");
        write("a/.local/y.py".to_owned(), "import x\n");

        let found = find(&root);
        fs::remove_dir_all(&root).unwrap();
        let mut found: Vec<String> = found.unwrap().iter().map(|circle| circle.folder.display().to_string()).collect();
        found.sort();
        assert_eq!(found, ["a/emulator", "a/src", "a/src/tests", "functions/b/src", "tests/src", "tests/tests/c"]);
    }
}
