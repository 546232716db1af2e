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
    imports.extend(python::imports(root, Path::new("xtask/emulator"))?);
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
