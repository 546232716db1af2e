//! Folders below `.local`: running clouds, logs, builds.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::tools::root;

/// Where running clouds, logs and builds are noted; ignored by git.
pub fn local() -> PathBuf {
    root().join(".local")
}

/// Where this program's logs are: programs that run at once have folders of their own.
///
/// # Errors
/// When it cannot be made.
pub fn logs() -> Result<PathBuf> {
    let program = std::env::current_exe().unwrap_or_default();
    let name = program.file_stem().unwrap_or_default().to_string_lossy();
    // Cargo adds a hash to the names of test programs.
    let name = name.rsplit_once('-').map_or(&*name, |(name, _)| name);
    folder(Path::new("logs").join(name))
}

/// A folder below `.local`, made if need be.
///
/// # Errors
/// When it cannot be made.
pub fn folder(name: impl AsRef<Path>) -> Result<PathBuf> {
    let folder = local().join(name);
    fs::create_dir_all(&folder).with_context(|| format!("create {}", folder.display()))?;
    Ok(folder)
}
