//! Where lines go: to the terminal, and to a file that has all of them.

use std::fs::{self, File};
use std::io::{Write, stdout};
use std::path::Path;
use std::sync::Mutex;

use anyhow::{Context, Result};

use super::text::plain;

static WRITER: Mutex<Writer> = Mutex::new(Writer { file: None, brief: false });

/// The only one; before [`keep`] it writes everything to the terminal alone.
struct Writer {
    file: Option<File>,
    brief: bool,
}

/// What a line is to the reader.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Line {
    /// Shown always.
    Shown,
    /// In the file; shown where everything is.
    Detail,
    /// Shown in place of details that are not; never in the file, which has those.
    Summary,
}

/// From now on `file` gets everything, and the terminal, if `brief`, summaries in place of details.
///
/// # Errors
/// When the file cannot be made.
pub fn keep(file: &Path, brief: bool) -> Result<()> {
    if let Some(folder) = file.parent() {
        fs::create_dir_all(folder).with_context(|| format!("create {}", folder.display()))?;
    }
    let file = File::create(file).with_context(|| format!("create {}", file.display()))?;
    if let Ok(mut writer) = WRITER.lock() {
        *writer = Writer { file: Some(file), brief };
    }
    Ok(())
}

/// Whether the terminal shows summaries in place of details.
pub fn brief() -> bool {
    WRITER.lock().is_ok_and(|writer| writer.brief)
}

/// Writes a line to where it belongs. A terminal that is gone, or a full disk, is no reason to fail.
pub fn write(kind: Line, text: &str) {
    let Ok(mut writer) = WRITER.lock() else { return };
    let shown = match kind {
        Line::Shown => true,
        Line::Detail => !writer.brief,
        Line::Summary => writer.brief,
    };
    if shown {
        let _ = writeln!(stdout(), "{text}");
    }
    if let (true, Some(file)) = (kind != Line::Summary, &mut writer.file) {
        let _ = writeln!(file, "{}", plain(text));
    }
}
